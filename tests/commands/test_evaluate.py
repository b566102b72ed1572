"""`manage.py evaluate` answers as `POST /workflows/{slug}/evaluate` does."""

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from rest_framework.test import APIClient

from orchestration.models import Case, Workflow
from tests.factories import WorkflowFactory, bearer

pytestmark = pytest.mark.django_db


def evaluate(slug: str, file: Path) -> str:
    out = StringIO()
    call_command("evaluate", slug, "--facts", str(file), stdout=out)
    return out.getvalue()


@pytest.fixture
def facts(tmp_path: Path) -> Path:
    return tmp_path / "facts.json"


def test_the_answer_is_that_of_the_api(greeting: Workflow, facts: Path) -> None:
    given = {"case": {"text": "Hä", "rude": True}, "now": "2026-03-01T12:00:00+01:00"}
    facts.write_text(json.dumps(given))
    api = APIClient()
    api.credentials(HTTP_AUTHORIZATION=bearer())
    answered = api.post("/api/v1/workflows/greeting/evaluate", given, format="json")
    assert json.loads(evaluate("greeting", facts)) == answered.json()
    assert answered.json()["step"]["kind"] == "escalate"
    assert Case.objects.count() == 0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "{file} is not JSON: Expecting property name enclosed in double quotes at line 1, column 2."),
        ('{"case": NaN}', "{file} is not JSON: NaN is not a value that JSON has."),
        ("[]", "{file} cannot be evaluated: one problem.\n  (top): must be an object of facts"),
        (
            '{"case": [], "human": 1}',
            "{file} cannot be evaluated: 2 problems.\n  /case: must be an object\n  /human: must be an object",
        ),
    ],
)
def test_wrong_facts_are_refused_with_their_place(greeting: Workflow, facts: Path, text: str, message: str) -> None:
    facts.write_text(text)
    with pytest.raises(CommandError) as refused:
        evaluate("greeting", facts)
    assert str(refused.value) == message.replace("{file}", str(facts))


def test_an_unknown_or_unpublished_workflow_is_said(facts: Path) -> None:
    WorkflowFactory(slug="empty")
    facts.write_text("{}")
    with pytest.raises(CommandError, match=r"^The workflow empty has no published version yet\.$"):
        evaluate("empty", facts)
    with pytest.raises(CommandError, match=r"^There is no workflow 'nobody'\. There are: empty\.$"):
        evaluate("nobody", facts)
