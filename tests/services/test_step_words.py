"""A step in words, for a person who is about to send a case back."""

from datetime import UTC, datetime

import pytest

from orchestration.engine.step import Step
from orchestration.models import Autonomy, Case, Workflow
from orchestration.services.step_words import step_words

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("step", "autonomy", "title", "tone"),
    [
        (Step("decide", outcome="approve_it"), Autonomy.AUTOMATIC, "The rules would decide: approve it", "good"),
        (Step("decide", outcome="yes"), Autonomy.PAUSED, "The rules would decide: yes", "good"),
        (Step("decide", outcome="yes"), Autonomy.SUPERVISED, "The rules would propose: yes", "warning"),
        (Step("decide", outcome="yes"), Autonomy.MANUAL, "It would come back to a person", "warning"),
        (Step("run", awaited=("a", "b")), Autonomy.AUTOMATIC, "Agents would look first: a, b", "info"),
        (
            Step("escalate", queue="people", reason="Rude"),
            Autonomy.AUTOMATIC,
            "It would come back to a person in People: Rude",
            "warning",
        ),
        (
            Step("escalate", reason="no-rule-decided"),
            Autonomy.AUTOMATIC,
            "It would come back to a person: no-rule-decided",
            "warning",
        ),
        (Step("wait", child="second"), Autonomy.AUTOMATIC, "The case would wait for the case second", "info"),
        (
            Step("wait", due=datetime(2026, 1, 2, 3, 4, tzinfo=UTC)),
            Autonomy.AUTOMATIC,
            "The case would wait until 02 Jan 2026, 03:04",
            "info",
        ),
    ],
)
def test_a_step_is_told_in_words(step: Step, autonomy: Autonomy, title: str, tone: str, greeting: Workflow) -> None:
    greeting.autonomy = autonomy
    words = step_words(step, Case(workflow=greeting))
    assert (words.title, words.tone) == (title, tone)
