"""Bodies that are wrong, large, deep or strange: each a clear answer that names the place, and nothing stored."""

import json
from typing import Any

import pytest
from rest_framework.test import APIClient

from orchestration.models import Case, CaseContent, CaseStatus, Workflow
from orchestration.services import version as versions
from tests.factories import QueueFactory, WorkflowFactory

CASES = "/api/v1/cases"

pytestmark = pytest.mark.django_db


def send(api: APIClient, body: str | bytes, **more: Any) -> Any:
    return api.generic("POST", CASES, body, content_type="application/json", **more)


@pytest.fixture
def anything(db: Any) -> Workflow:
    """A workflow that takes any object and decides at once."""
    workflow = WorkflowFactory(slug="anything")
    QueueFactory(workflow=workflow)
    rule = {"key": "yes", "title": "Always yes", "when": "always", "then": [{"decide": {"outcome": "yes"}}]}
    content = {"outcomes": ["yes"], "input_schema": {"type": "object"}, "rules": [rule]}
    versions.publish(version_id=versions.new_draft(workflow=workflow, data=content).pk, user=None)
    return workflow


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (b"", "The body is not JSON: Expecting value at line 1, column 1."),
        (b"{", "The body is not JSON: Expecting property name enclosed in double quotes at line 1, column 2."),
        (b'{"a":1}x', "The body is not JSON: Extra data at line 1, column 8."),
        (b"[" + b"9" * 5000 + b",", "The body is not JSON: Expecting value at line 1, column 5003."),
        (b"[" + b"9" * 5000 + b"," + b"[" * 3000, "The body is nested too deeply."),
        (b'{"payload": {"x": NaN}}', "The body is not JSON: NaN is not a value that JSON has."),
        (b'{"payload": {"x": Infinity}}', "The body is not JSON: Infinity is not a value that JSON has."),
        (b'{"payload": {"x": -Infinity}}', "The body is not JSON: -Infinity is not a value that JSON has."),
        (b'{"a": "\xff"}', "The body is not UTF-8: byte 8 cannot be read."),
        ('{"a": 1}'.encode("utf-16"), "The body is not UTF-8: byte 1 cannot be read."),
        (b"[" * 100_000, "The body is nested too deeply."),
        (b'{"payload":' * 20_000 + b"1" + b"}" * 20_000, "The body is nested too deeply."),
    ],
)
def test_what_is_not_json_is_400(api: APIClient, body: bytes, detail: str) -> None:
    answered = send(api, body)
    assert (answered.status_code, answered.json()["type"]) == (400, "urn:conductor:problem:not-json")
    assert answered.json()["detail"] == detail
    assert answered["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        # not an object
        ([], {"": "must be an object"}),
        ("text", {"": "must be an object"}),
        (None, {"": "must be an object"}),
        (7, {"": "must be an object"}),
        # missing, unknown and wrong, all at once
        ({}, {"/workflow": "is required", "/payload": "is required"}),
        (
            {"workflow": 7, "payload": [], "priority": "later", "reference": 1, "extra/~": 1},
            {
                "/extra~1~0": "is not a known field; known are workflow, payload, reference, priority",
                "/workflow": "must be a string",
                "/payload": "must be an object",
                "/priority": "must be one of low, normal, high, urgent",
                "/reference": "must be a string",
            },
        ),
        ({"workflow": "", "payload": {}}, {"/workflow": "must not be empty"}),
        ({"workflow": "x" * 81, "payload": {}}, {"/workflow": "is longer than 80 characters"}),
        ({"workflow": "a\x00b", "payload": {}}, {"/workflow": "holds a control character"}),
        ({"workflow": None, "payload": {}}, {"/workflow": "must be a string"}),
        ({"workflow": "w", "payload": None}, {"/payload": "must be an object"}),
        ({"workflow": "w", "payload": {}, "priority": []}, {"/priority": "must be one of low, normal, high, urgent"}),
        ({"workflow": "w", "payload": {}, "priority": None}, {"/priority": "must be one of low, normal, high, urgent"}),
        ({"workflow": "w", "payload": {}, "reference": "x" * 201}, {"/reference": "is longer than 200 characters"}),
        ({"workflow": "w", "payload": {}, "reference": "a\x00"}, {"/reference": "holds a control character"}),
    ],
)
def test_a_body_of_the_wrong_form_is_422_with_every_place(api: APIClient, body: Any, errors: dict[str, str]) -> None:
    answered = send(api, json.dumps(body))
    assert (answered.status_code, answered.json()["type"]) == (422, "urn:conductor:problem:body-invalid")
    assert {error["pointer"]: error["detail"] for error in answered.json()["errors"]} == errors


@pytest.mark.parametrize(
    ("body", "pointer", "detail"),
    [
        ('{"workflow":"anything","payload":{"a":[{"b":1e999}]}}', "/payload/a/0/b", "is not a finite number"),
        ('{"workflow":"anything","payload":{"a":9007199254740993}}', "/payload/a", "is a number beyond ±2^53"),
        ('{"workflow":"anything","payload":{"a":-1e300}}', "/payload/a", "is a number beyond ±2^53"),
        (
            '{"workflow":"anything","payload":{"a":%s}}' % ("9" * 5000),  # Python refuses to read it as an integer
            "/payload/a",
            "is not a finite number",
        ),
        (
            r'{"workflow":"anything","payload":{"a":"\ud800"}}',
            "/payload/a",
            "holds a lone surrogate, which is not valid Unicode",
        ),
        (
            r'{"workflow":"anything","payload":{"b":{"\ud800":1}}}',
            "/payload/b",
            "has a key that holds a lone surrogate, which is not valid Unicode",
        ),
        (
            r'{"workflow":"anything","payload":{},"reference":"\udfff"}',
            "/reference",
            "holds a lone surrogate, which is not valid Unicode",
        ),
        (
            '{"workflow":"anything","payload":{"a":"%s"}}' % ("x" * 60_001),
            "/payload/a",
            "is longer than 60,000 bytes",
        ),
        (
            '{"workflow":"anything","payload":' + '{"a":' * 201 + "1" + "}" * 202,
            "/payload" + "/a" * 7,
            "is nested deeper than 200 levels",
        ),
    ],
)
def test_values_beyond_the_limits_are_422_with_the_place(
    api: APIClient, anything: Workflow, body: str, pointer: str, detail: str
) -> None:
    for headers in ({}, {"HTTP_IDEMPOTENCY_KEY": "k"}):
        answered = send(api, body, **headers)
        assert answered.status_code == 422
        assert answered.json()["errors"] == [{"pointer": pointer, "detail": detail}]
    assert Case.objects.count() == 0


def test_a_field_whose_name_is_no_unicode_is_named_readably(api: APIClient) -> None:
    answered = send(api, r'{"\ud800": 1, "workflow": "w", "payload": {}}')
    assert answered.status_code == 422
    assert [error["pointer"] for error in answered.json()["errors"]] == ["/\\ud800", ""]


def test_at_most_a_hundred_errors_are_named(api: APIClient) -> None:
    answered = send(api, json.dumps({f"unknown{number}": 1 for number in range(1000)}))
    assert (answered.status_code, len(answered.json()["errors"])) == (422, 100)


@pytest.mark.parametrize(
    "payload",
    [
        {f"field{number}": f"value {number}" for number in range(300)},
        {"list": list(range(10_000))},
        {"deep": json.loads("[" * 100 + "1" + "]" * 100)},
        {"text": "a\x00b", "\x00": None},
        {"text": "x" * 60_000},
        {"text": "☂" * 20_000},
        {"edge": [2**53, -(2**53), 1e-300, 0.1, -0.0]},
        {"": {"": ""}, "a.b": {"c/d~": 1}, "__proto__": True},
    ],
    ids=["300 fields", "10,000 elements", "100 deep", "NUL", "60,000 bytes", "60,000 bytes of 3", "numbers", "keys"],
)
def test_large_deep_and_strange_payloads_are_handled_normally(
    api: APIClient, anything: Workflow, payload: dict[str, Any]
) -> None:
    body = {"workflow": "anything", "payload": payload}
    headers = {"HTTP_PREFER": "wait=5", "HTTP_IDEMPOTENCY_KEY": "k"}
    answered = send(api, json.dumps(body, ensure_ascii=False).encode(), **headers)
    assert (answered.status_code, answered.json()["status"]) == (201, CaseStatus.DECIDED)
    assert CaseContent.objects.get().payload == payload
    for part in ("", "/events", "/explanation"):
        assert api.get(answered["Location"] + part).status_code == 200


def test_of_a_key_given_twice_the_last_counts(api: APIClient, greeting: Workflow) -> None:
    send(api, '{"workflow":"greeting","payload":{"text":"a","text":"b"}}')
    assert CaseContent.objects.get().payload == {"text": "b"}


@pytest.mark.parametrize("length", [256 * 1024, 256 * 1024 + 1, 3_000_000])
def test_a_body_is_read_up_to_its_limit(api: APIClient, anything: Workflow, length: int) -> None:
    start, end = '{"workflow":"anything","payload":{', "}}"
    filling = ",".join(f'"{number}":"{"x" * 50_000}"' for number in range(length // 50_010))
    body = start + filling
    body += " " * (length - len(body) - len(end)) + end
    assert len(body) == length
    answered = send(api, body)
    assert answered.status_code == (201 if length == 256 * 1024 else 413)
    if answered.status_code == 413:
        assert answered.json()["detail"] == "The body may have 262,144 bytes."


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("application/json", 201),
        ("application/json; charset=utf-8", 201),
        ("APPLICATION/JSON", 201),
        ("application/x-www-form-urlencoded", 415),
        ("multipart/form-data; boundary=x", 415),
        ("text/plain", 415),
        ("application/jsonx", 415),
        ("", 415),
    ],
)
def test_another_media_type_is_415(api: APIClient, greeting: Workflow, content_type: str, status: int) -> None:
    body = '{"workflow":"greeting","payload":{"text":"Hi"}}'
    answered = api.generic("POST", CASES, body, content_type=content_type)
    assert answered.status_code == status
    if status == 415:
        assert answered.json()["type"] == "urn:conductor:problem:media-type-not-supported"


@pytest.mark.parametrize("accept", ["application/xml", "application/problem+json", "text/html", "*/*", "nonsense"])
def test_the_answer_is_json_whatever_is_accepted(api: APIClient, greeting: Workflow, accept: str) -> None:
    answered = api.get(CASES, HTTP_ACCEPT=accept)
    assert (answered.status_code, answered["Content-Type"]) == (200, "application/json")
