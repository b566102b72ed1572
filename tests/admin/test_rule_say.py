"""While a rule is written the server says it in words and what is wrong with it; nonsense is answered, not stored."""

import pytest
from django.test import Client as Browser

from orchestration.models import WorkflowVersion
from orchestration.rules.pack import load_yaml
from tests.admin.test_rule_pages import RUDE, ask, draft, seen, stored, url

pytestmark = pytest.mark.django_db
__all__ = ["draft"]  # fixtures


def test_asking_says_the_rule_and_its_yaml_and_stores_nothing(draft: WorkflowVersion, anas: Browser) -> None:
    answer = ask(anas, draft, rule={**RUDE, "priority": {"number": "21"}}).json()
    assert answer["sentence"].startswith("When all of: rude is true;")
    assert (answer["rule"], load_yaml(answer["source"])) == ({**RUDE, "priority": 21}, {**RUDE, "priority": 21})
    assert answer["problems"] == []
    assert ask(anas, draft, source=answer["source"]).json() == answer
    assert stored(draft, "rude") == RUDE


def test_asking_with_errors_gives_their_places(draft: WorkflowVersion, anas: Browser) -> None:
    wrong = ask(anas, draft, rule={**RUDE, "then": [{"escalate": {"queue": "x", "reason": ""}}]}).json()
    assert [one["pointer"] for one in wrong["problems"]] == ["/then/0/escalate/reason"]
    assert wrong["rule"] is None
    assert load_yaml(wrong["source"])["then"][0]["escalate"]["queue"] == "x"
    broken = ask(anas, draft, source="a: [").json()
    assert (broken["rule"], [one["severity"] for one in broken["problems"]]) == (None, ["error"])


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{", b"\xff", b"[" * 100_000, b'{"rule": ' + b"[" * 900 + b"]" * 900 + b"}"]
)
def test_asking_nonsense_is_answered(body: bytes, draft: WorkflowVersion, anas: Browser) -> None:
    answer = anas.post(url(draft, verb="say"), body, content_type="application/json")
    assert answer.status_code in (200, 400)
    assert [one["severity"] for one in answer.json()["problems"]] == ["error"]


def test_posting_nonsense_as_the_rule_is_answered(draft: WorkflowVersion, anas: Browser) -> None:
    for rule in ("{", "[" * 100_000, "3", "NaN", '{"key": "\\ud800"}', '{"then": {"a": 1}}'):
        refused = anas.post(url(draft, "rude"), {"rule": rule, "seen": seen(draft, "rude")})
        assert refused.status_code == 400, rule
    assert stored(draft, "rude") == RUDE
