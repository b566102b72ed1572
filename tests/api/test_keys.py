"""Who may do what: every route with every kind of key."""

import uuid
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.urls import URLPattern
from django.utils import timezone

from orchestration.api.agent_run import RunToken
from orchestration.api.urls import urlpatterns
from orchestration.api.view import Nothing, View
from orchestration.models import ApiKey, Case, Client, Workflow
from orchestration.services.api_key import SCOPES, forget_all
from tests.api.conftest import api_of
from tests.factories import ClientFactory, bearer
from tests.small_workflow import publish

# method, address, scope, body, what a key with that scope gets
ROUTES = [
    ("POST", "/api/v1/cases", "cases:write", {"workflow": "greeting", "payload": {"text": "Hi"}}, 201),
    ("GET", "/api/v1/cases", "cases:read", None, 200),
    ("GET", "/api/v1/cases/{case}", "cases:read", None, 200),
    ("GET", "/api/v1/cases/{case}/events", "cases:read", None, 200),
    ("GET", "/api/v1/cases/{case}/explanation", "cases:read", None, 200),
    ("POST", "/api/v1/cases/{case}/cancel", "cases:write", None, 200),
    ("POST", "/api/v1/cases/{case}/feedback", "cases:write", {"value": "kept"}, 409),  # not decided
    ("GET", "/api/v1/workflows", "workflows:read", None, 200),
    ("GET", "/api/v1/workflows/greeting", "workflows:read", None, 200),
    ("POST", "/api/v1/workflows/greeting/evaluate", "rules:evaluate", {"case": {"text": "Hi"}}, 200),
]
ON_A_CASE = [route for route in ROUTES if "{case}" in route[1]]
ON_A_WORKFLOW = [route for route in ROUTES if route[1].endswith("/cases") or "greeting" in route[1]]


@pytest.fixture
def case(bank: Client, greeting: Workflow) -> Case:
    answered = api_of(bearer(bank)).post("/api/v1/cases", ROUTES[0][3], format="json")
    return Case.objects.get(public_id=answered.json()["id"])


def ask(authorization: str | None, route: tuple[Any, ...], case: Case) -> Any:
    method, address, _, body, _ = route
    call = getattr(api_of(authorization), method.lower())
    return call(address.format(case=case.public_id), body, **({"format": "json"} if method == "POST" else {}))


def named(routes: list[Any]) -> Any:
    return pytest.mark.parametrize("route", routes, ids=[f"{route[0]} {route[1]}" for route in routes])


def test_the_table_names_every_route_and_scope() -> None:
    told = {(method, scope) for method, _, scope, _, _ in ROUTES}
    there = set()
    for view in views():
        methods = {method.upper() for method in view.http_method_names if hasattr(view, method)} - {"OPTIONS"}
        assert set(view.scopes) == methods
        there |= set(view.scopes.items())
    assert told == there
    assert len(ROUTES) == sum(len(view.scopes) for view in views())


def views() -> Iterator[type[View]]:
    for pattern in urlpatterns:
        view = getattr(pattern.callback, "view_class", None) if isinstance(pattern, URLPattern) else None
        if view is None or not issubclass(view, View) or view is Nothing:
            continue
        if RunToken not in view.authentication_classes:  # let in by a run's own token, not by a key
            yield view


@named(ROUTES)
def test_a_key_with_just_the_scope_is_let_in(route: Any, bank: Client, case: Case) -> None:
    assert ask(bearer(bank, scopes=[route[2]]), route, case).status_code == route[4]


@named(ROUTES)
def test_a_key_for_just_this_workflow_is_let_in(route: Any, bank: Client, case: Case) -> None:
    assert ask(bearer(bank, workflows=["greeting"]), route, case).status_code == route[4]


@named(ROUTES)
def test_a_key_without_the_scope_is_403_and_told_which(route: Any, bank: Client, case: Case) -> None:
    others = [scope for scope in SCOPES if scope != route[2]]
    answered = ask(bearer(bank, scopes=others), route, case)
    assert (answered.status_code, answered.json()["type"]) == (403, "urn:conductor:problem:forbidden")
    assert answered.json()["detail"] == f"This API key does not have the scope {route[2]}."


@named(ROUTES)
@pytest.mark.parametrize("authorization", [None, "", "Bearer", "Bearer ", "Basic YTpi", "Bearer wrong", "Bearer ä\x7f"])
def test_without_a_key_or_with_a_wrong_one_it_is_401(route: Any, case: Case, authorization: str | None) -> None:
    answered = ask(authorization, route, case)
    assert (answered.status_code, answered["Content-Type"]) == (401, "application/problem+json")
    assert answered["WWW-Authenticate"] == 'Bearer realm="conductor"'
    assert answered.json()["type"] == "urn:conductor:problem:key-missing-or-invalid"


@named(ROUTES)
@pytest.mark.parametrize("gone", ["expired", "revoked", "client switched off"])
def test_a_key_that_is_no_longer_live_is_401(route: Any, bank: Client, case: Case, gone: str) -> None:
    authorization = bearer(bank)
    assert ask(authorization, route, case).status_code == route[4]
    past = timezone.now() - timedelta(seconds=1)
    if gone == "expired":
        ApiKey.objects.update(expires_at=past)
    elif gone == "revoked":
        ApiKey.objects.update(revoked_at=past)
    else:
        Client.objects.update(active=False)
    forget_all()  # of what another process changes, intake hears within a second
    assert ask(authorization, route, case).status_code == 401


@named(ON_A_WORKFLOW)
def test_a_key_for_another_workflow_is_403(route: Any, bank: Client, case: Case) -> None:
    publish(slug="other")
    answered = ask(bearer(bank, workflows=["other"]), route, case)
    if route[0] == "GET" and route[1] == "/api/v1/cases":
        assert answered.json()["results"] == []
    else:
        assert answered.status_code == 403
        assert answered.json()["detail"] == "This API key is not for the workflow 'greeting'."


@named(ON_A_CASE)
def test_a_key_for_another_workflow_may_not_touch_the_clients_case(route: Any, bank: Client, case: Case) -> None:
    publish(slug="other")
    assert ask(bearer(bank, workflows=["other"]), route, case).status_code == 403


@named(ON_A_CASE)
def test_another_clients_case_is_404_as_is_one_that_never_was(route: Any, case: Case) -> None:
    strange = ask(bearer(ClientFactory()), route, case)
    never = ask(bearer(ClientFactory()), route, Case(public_id=uuid.uuid4()))
    assert (strange.status_code, never.status_code) == (404, 404)
    assert strange.json()["detail"] == never.json()["detail"] == "There is no such case."
    assert Case.objects.get(pk=case.pk).status == case.status


def test_lists_show_only_what_the_key_is_for(bank: Client, case: Case) -> None:
    publish(slug="other")
    both, one, strange = bearer(bank), bearer(bank, workflows=["other"]), bearer(ClientFactory())
    api_of(both).post("/api/v1/cases", {"workflow": "other", "payload": {"text": "Hi"}}, format="json")
    for authorization, cases, workflows in (
        (both, ["other", "greeting"], ["greeting", "other"]),
        (one, ["other"], ["other"]),
        (strange, [], ["greeting", "other"]),
    ):
        api = api_of(authorization)
        assert [row["workflow"] for row in api.get("/api/v1/cases").json()["results"]] == cases
        assert [row["slug"] for row in api.get("/api/v1/workflows").json()["results"]] == workflows


def test_two_keys_of_one_client_see_the_same_cases(bank: Client, case: Case) -> None:
    assert api_of(bearer(bank)).get(f"/api/v1/cases/{case.public_id}").status_code == 200


@named(ROUTES)
def test_a_method_that_is_not_there_is_405(route: Any, bank: Client, case: Case) -> None:
    answered = api_of(bearer(bank)).delete(route[1].format(case=case.public_id))
    assert (answered.status_code, answered.json()["type"]) == (405, "urn:conductor:problem:method-not-allowed")
    assert route[0] in answered["Allow"]


@pytest.mark.parametrize("address", ["/api/v1", "/api/v1/", "/api/v1/case", "/api/v1/cases/", "/api/v1/cases/12"])
def test_an_address_that_is_none_is_a_problem_document(db: Any, address: str) -> None:
    answered = api_of(None).get(address)
    assert (answered.status_code, answered["Content-Type"]) == (404, "application/problem+json")


def test_one_query_finds_the_key(bank: Client, greeting: Workflow, django_assert_num_queries: Any) -> None:
    api = api_of(bearer(bank))
    api.get("/api/v1/workflows")  # notes the key's use
    with django_assert_num_queries(2):
        api.get("/api/v1/workflows")


def test_the_use_of_a_key_is_noted(bank: Client, greeting: Workflow) -> None:
    authorization = bearer(bank)
    assert ApiKey.objects.get().last_used_at is None
    api_of(authorization).get("/api/v1/workflows")
    assert ApiKey.objects.get().last_used_at is not None
