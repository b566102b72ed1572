"""The OpenAPI document: valid, complete, and true of what the API really answers."""

import json
from typing import Any

import jsonschema_rs
import pytest
from django.core.management import call_command
from django.test import Client as Browser
from rest_framework.test import APIClient

from orchestration.models import Workflow
from tests.api.conftest import Call


@pytest.fixture(scope="session")
def document(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    file = tmp_path_factory.mktemp("openapi") / "schema.json"
    call_command("spectacular", "--format", "openapi-json", "--validate", "--fail-on-warn", "--file", str(file))
    found: dict[str, Any] = json.loads(file.read_text())
    return found


def fits(document: dict[str, Any], address: str, method: str, answered: Any) -> None:
    """The answer is one that the document describes for this operation."""
    responses = document["paths"][address][method]["responses"]
    content = responses[str(answered.status_code)]["content"][answered["Content-Type"]]
    schema = _nullable({**content["schema"], "components": document["components"]})
    validator = jsonschema_rs.validator_for(schema, validate_formats=True)
    assert [(error.instance_path, error.message) for error in validator.iter_errors(answered.json())] == []


def _nullable(schema: Any) -> Any:
    """OpenAPI 3.0 to JSON Schema: `nullable` is another type."""
    if isinstance(schema, list):
        return [_nullable(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    found = {name: _nullable(value) for name, value in schema.items() if name != "nullable"}
    return {"anyOf": [found, {"type": "null"}]} if schema.get("nullable") is True else found


def test_every_operation_is_described(document: dict[str, Any]) -> None:
    operations = {
        operation["operationId"]: operation for path in document["paths"].values() for operation in path.values()
    }
    assert sorted(operations) == [
        "cancel_case",
        "evaluate",
        "explain_case",
        "get_case",
        "get_workflow",
        "list_cases",
        "list_events",
        "list_workflows",
        "post_case",
        "post_feedback",
        "post_result",
    ]
    for name, operation in operations.items():
        assert operation["summary"], name
        scheme = "runToken" if name == "post_result" else "apiKey"  # an outside party has no key
        assert operation["security"] == [{scheme: []}], name
        assert {"401", "429"} <= set(operation["responses"]), name
        assert ("403" in operation["responses"]) == (scheme == "apiKey"), name


def test_the_answers_are_as_the_document_says(
    document: dict[str, Any], api: APIClient, post: Call, greeting: Workflow
) -> None:
    one, flow = "/api/v1/cases/{case_id}", "/api/v1/workflows/{slug}"
    for given in ({}, {"rude": True}, {"wait": None}, {"text": 3}):
        answered = post(**given)
        fits(document, "/api/v1/cases", "post", answered)
        if answered.status_code == 201:
            fits(document, one, "get", api.get(answered["Location"]))
            fits(document, f"{one}/events", "get", api.get(answered["Location"] + "/events"))
            fits(document, f"{one}/explanation", "get", api.get(answered["Location"] + "/explanation"))
            for told in ({"value": "kept"}, {"value": "kept"}, {"value": 3}):
                fits(document, f"{one}/feedback", "post", api.post(f"{answered['Location']}/feedback", told, "json"))
            fits(document, f"{one}/cancel", "post", api.post(answered["Location"] + "/cancel"))
    fits(document, "/api/v1/cases", "get", api.get("/api/v1/cases"))
    fits(document, "/api/v1/cases", "get", api.get("/api/v1/cases?limit=x"))
    fits(document, "/api/v1/workflows", "get", api.get("/api/v1/workflows"))
    fits(document, flow, "get", api.get("/api/v1/workflows/greeting"))
    for given in ({"case": {"text": "Hi"}}, {"case": 1}):
        fits(
            document, f"{flow}/evaluate", "post", api.post("/api/v1/workflows/greeting/evaluate", given, format="json")
        )


def test_the_examples_are_as_the_document_says(document: dict[str, Any]) -> None:
    shown = 0
    for path in document["paths"].values():
        for operation in path.values():
            bodies = [operation.get("requestBody", {}), *operation["responses"].values()]
            for body in bodies:
                for content in body.get("content", {}).values():
                    schema = _nullable({**content["schema"], "components": document["components"]})
                    for example in content.get("examples", {}).values():
                        jsonschema_rs.validator_for(schema, validate_formats=True).validate(example["value"])
                        shown += 1
    assert shown >= 6


def test_the_document_and_its_page_are_served_without_a_key_or_the_outside(client: Browser, db: Any) -> None:
    assert client.get("/api/schema/").status_code == 200
    page = client.get("/api/docs/").content.decode()
    assert "swagger-ui" in page
    assert "http://" not in page.replace("http://www.w3.org", "")
    assert "https://" not in page
