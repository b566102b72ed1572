"""The intake path over a real server: headers, lengths and connections as they arrive by wire."""

import http.client
import json
import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connections

from orchestration.models import Case, Client, Workflow
from orchestration.services.round import run_case
from tests.doorbells import answer
from tests.factories import bearer
from tests.small_workflow import publish

BODY = json.dumps({"workflow": "greeting", "payload": {"text": "Hi"}}).encode()

pytestmark = pytest.mark.django_db(transaction=True)

Ask = Callable[..., tuple[http.client.HTTPResponse, Any]]


@pytest.fixture
def ask(live_server: Any, bank: Client) -> Ask:
    """ask("POST", "/api/v1/cases", body, **headers): the response and its parsed body."""
    key = bearer(bank)

    def call(method: str, address: str, body: Any = None, **headers: str) -> tuple[http.client.HTTPResponse, Any]:
        connection = http.client.HTTPConnection(live_server.thread.host, live_server.thread.port, timeout=30)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        try:
            connection.request(
                method, address, body, {"Authorization": key, "Content-Type": "application/json", **named}
            )
            response = connection.getresponse()
            return response, json.loads(response.read())
        finally:
            connection.close()

    return call


def test_a_case_is_posted_decided_and_found_again(ask: Ask, greeting: Workflow) -> None:
    response, case = ask("POST", "/api/v1/cases", BODY, Prefer="wait=5")
    assert (response.status, response.headers["Content-Type"], case["status"]) == (201, "application/json", "decided")
    assert response.headers["Preference-Applied"] == "wait=5"
    assert ask("GET", response.headers["Location"])[1] == case


def test_a_case_that_a_worker_decides_meanwhile_is_answered_decided(ask: Ask) -> None:
    publish(slug="later", use="test.apart")
    stop = threading.Event()

    def work() -> None:
        while not stop.wait(0.05):
            answer()
        connections.close_all()

    worker = threading.Thread(target=work)
    worker.start()
    try:
        body = BODY.replace(b"greeting", b"later")
        response, case = ask("POST", "/api/v1/cases", body, Prefer="wait=10")
    finally:
        stop.set()
        worker.join()
    assert (response.status, case["status"], case["outcome"]) == (201, "decided", "yes")
    assert run_case(case_id=Case.objects.get().pk) is None


def test_posts_at_the_same_time_with_one_key_make_one_case(ask: Ask, greeting: Workflow) -> None:
    found: list[tuple[int, str]] = []

    def post() -> None:
        response, case = ask("POST", "/api/v1/cases", BODY, Prefer="wait=5", Idempotency_Key="k")
        found.append((response.status, case["id"]))

    threads = [threading.Thread(target=post) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(status for status, _ in found) == [200] * 5 + [201]
    assert len({case for _, case in found}) == Case.objects.count() == 1


def test_a_body_over_the_limit_is_refused_by_its_length(ask: Ask, greeting: Workflow) -> None:
    response, problem = ask("POST", "/api/v1/cases", b" " * 1_000_000)
    assert (response.status, problem["type"]) == (413, "urn:conductor:problem:body-too-large")


def test_a_body_without_a_length_is_411_where_the_server_does_not_end_it(ask: Ask, greeting: Workflow) -> None:
    """Django's own server does not read chunked bodies; gunicorn does."""
    response, problem = ask("POST", "/api/v1/cases", iter([BODY]), Transfer_Encoding="chunked")
    assert (response.status, problem["type"]) == (411, "urn:conductor:problem:length-required")


def test_names_of_headers_are_read_in_any_case(ask: Ask, greeting: Workflow) -> None:
    first, _ = ask("POST", "/api/v1/cases", BODY, IDEMPOTENCY_KEY="k", PREFER="wait=5")
    again, _ = ask("POST", "/api/v1/cases", BODY, idempotency_key="k")
    assert (first.status, again.status, again.headers["idempotency-replayed"]) == (201, 200, "true")


@pytest.mark.parametrize("length", ["-1", "x", "5e3"])
def test_a_length_that_is_no_number_is_refused(ask: Ask, greeting: Workflow, length: str) -> None:
    response, _ = ask("POST", "/api/v1/cases", b"", Content_Length=length)
    assert 400 <= response.status < 500
