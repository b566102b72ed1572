"""A case's history in words."""

from typing import Any

import pytest
from django.contrib.auth.models import User

from orchestration.models import Case, CaseEvent, CaseEventContent, Workflow
from orchestration.services import case as cases
from orchestration.services.history import history_of
from tests.factories import ClientFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def case(greeting: Workflow) -> Case:
    accepted = cases.accept(client=ClientFactory(name="bank"), workflow=greeting, payload={"text": "hi"})
    return Case.objects.get(pk=accepted.case.pk)


@pytest.mark.parametrize(
    ("name", "about", "text", "tone"),
    [
        ("case.received", {"parent": "x"}, "Opened by another case", "info"),
        ("case.held", {}, "Held, because the workflow is paused", "warning"),
        ("case.released", {}, "Released, because the workflow goes on", "info"),
        (
            "agent_run.finished",
            {"step": "hear", "status": "succeeded", "confidence": 0.914},
            "Agent step hear finished, 91% confident",
            "plain",
        ),
        (
            "agent_run.finished",
            {"step": "hear", "status": "succeeded", "confidence": None},
            "Agent step hear finished",
            "plain",
        ),
        ("agent_run.finished", {"step": "hear", "status": "failed"}, "Agent step hear failed", "bad"),
        ("case.escalated", {"kind": "escalation", "reason": "Rude"}, "Given to a person: Rude", "warning"),
        (
            "case.escalated",
            {"kind": "approval", "reason": "Approve: yes"},
            "Waits for approval: Approve: yes",
            "warning",
        ),
        ("feedback.received", {"value": "no_show", "corrects": False}, "Feedback: no show", "info"),
        ("feedback.received", {"value": "kept", "corrects": True}, "Feedback corrected: kept", "info"),
        ("work_item.claimed", {}, "Claimed", "plain"),
        ("work_item.released", {}, "Given back to the queue", "plain"),
        ("case.sent_back", {"corrected": ["a"], "answered": []}, "Sent back to the rules with 1 fact", "info"),
        ("case.sent_back", {"corrected": ["a"], "answered": ["b"]}, "Sent back to the rules with 2 facts", "info"),
        (
            "case.decided",
            {"by": "rules", "outcome": "approve_with_limit"},
            "Decided by rules: approve with limit",
            "good",
        ),
        ("case.decided", {"by": "person", "outcome": "no"}, "Decided by a person: no", "good"),
        ("case.cancelled", {}, "Cancelled", "quiet"),
        ("case.prioritised", {"priority": "high"}, "Priority set to high", "plain"),
        ("case.notified", {"name": "slow"}, "Notice given: slow", "plain"),
        ("case.paused", {"child": "second"}, "Waits for the case second", "info"),
        ("case.paused", {}, "Waits", "info"),
        ("case.woken", {}, "Goes on after waiting", "plain"),
        ("case.moved_on", {}, "Case moved on", "plain"),  # one that has no words yet shows its name
    ],
)
def test_every_event_has_its_sentence(name: str, about: dict[str, Any], text: str, tone: str, case: Case) -> None:
    CaseEvent.objects.create(case=case, number=2, name=name, actor="rules", about=about)
    last = history_of(case).entries[-1]
    assert (last.text, last.tone) == (text, tone)


@pytest.mark.parametrize(
    ("actor", "named", "who"),
    [
        ("client: bank", None, "bank"),
        ("agent: kyc.address", None, "kyc.address"),
        ("rules", None, "rules"),
        ("sam", "Sam", "Sam"),  # a person by name
    ],
)
def test_who_did_it_is_named(actor: str, named: str | None, who: str, case: Case) -> None:
    user = User.objects.create_user(actor, first_name=named) if named else None
    CaseEvent.objects.create(case=case, number=2, name="case.cancelled", actor=actor, user=user)
    assert history_of(case).entries[-1].who == who


def test_of_two_corrections_of_a_fact_the_last_giver_is_named(case: Case) -> None:
    for number, name in ((2, "sam"), (3, "ida")):
        user = User.objects.create_user(name)
        event = CaseEvent.objects.create(case=case, number=number, name="case.sent_back", actor=name, user=user)
        CaseEventContent.objects.create(event=event, content={"corrections": {"text": name}, "human": {"ok": True}})
    found = history_of(case)
    assert (found.corrections["text"].value, found.corrections["text"].by, found.answers["ok"].by) == (
        "ida",
        "ida",
        "ida",
    )
