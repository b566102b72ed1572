"""Feedback: taken in once, corrected by more of it, and nothing else of the case changes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone

from orchestration.models import ApiKey, Case, CaseEvent, Client, Decision, Feedback, FeedbackPost, Workflow
from orchestration.services import case as cases
from orchestration.services import feedback
from orchestration.services.refusal import Refused
from tests.factories import ClientFactory, UserFactory, bearer
from tests.small_workflow import publish, publish_again

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
Tell = Callable[..., feedback.TakenIn]


@pytest.fixture
def bank(db: Any) -> Client:
    return ClientFactory(name="bank")


@pytest.fixture
def tell(bank: Client) -> Tell:
    """tell(case, value, …): by the bank's key, unless by a user."""
    bearer(bank)
    key = ApiKey.objects.get()

    def call(case: Case, value: str, **given: Any) -> feedback.TakenIn:
        case = Case.objects.select_related("workflow").get(pk=case.pk)
        return feedback.take_in(case=case, value=value, **({"key": key} if "user" not in given else {}), **given)

    return call


def decided(client: Client, workflow: Workflow, **payload: Any) -> Case:
    return cases.accept(client=client, workflow=workflow, payload={"text": "hi", **payload}, decide_now=True).case


def told(case: Case) -> list[str]:
    return [f"{row.value} {row.content.note}".strip() for row in case.feedback.order_by("id")]


def test_it_is_on_record_with_who_told_it_and_one_event(bank: Client, greeting: Workflow, tell: Tell) -> None:
    case = decided(bank, greeting)
    before = Case.objects.filter(pk=case.pk).values().get()
    row = tell(case, "kept", happened_at=NOON, note=" on time\r\nand friendly ").feedback
    assert (row.value, row.happened_at, row.content.note) == ("kept", NOON, "on time\nand friendly")
    assert (row.key, row.user, row.supersedes) == (ApiKey.objects.get(), None, None)
    event = CaseEvent.objects.filter(case=case).last()
    assert event is not None
    assert (event.name, event.actor, event.about) == (
        "feedback.received",
        "client: bank",
        {"value": "kept", "corrects": False},
    )
    after = Case.objects.filter(pk=case.pk).values().get()
    assert after == {**before, "last_event": before["last_event"] + 1}


def test_other_feedback_corrects_and_the_newest_counts(bank: Client, greeting: Workflow, tell: Tell) -> None:
    case, other = decided(bank, greeting), decided(bank, greeting)
    first = tell(case, "kept").feedback
    second = tell(case, "broken").feedback
    third = tell(case, "kept").feedback  # as the first, but not as the newest
    tell(other, "broken")
    assert (second.supersedes, third.supersedes) == (first, second)
    found = {row.case_id: row.told for row in feedback.with_told(Decision.objects.all())}
    assert found == {case.pk: third, other.pk: Feedback.objects.get(case=other)}


@pytest.mark.parametrize(
    ("more", "repeated"),
    [
        ({}, True),
        ({"note": "  on time "}, True),  # the same but for blanks
        ({"note": "late"}, False),
        ({"happened_at": NOON + timedelta(seconds=1)}, False),
        ({"happened_at": None}, False),
        ({"value": "broken"}, False),
    ],
)
def test_the_same_as_the_newest_is_a_repeat(
    bank: Client, greeting: Workflow, tell: Tell, more: dict[str, Any], repeated: bool
) -> None:
    case, given = decided(bank, greeting), {"value": "kept", "happened_at": NOON, "note": "on time"}
    first = tell(case, **given)
    again = tell(case, **{**given, **more})
    assert (first.repeated, again.repeated) == (False, repeated)
    assert Feedback.objects.count() == CaseEvent.objects.filter(name="feedback.received").count() == 2 - repeated


def test_a_repeat_that_arrives_after_a_correction_is_known_by_its_key(
    bank: Client, greeting: Workflow, tell: Tell
) -> None:
    case, other = decided(bank, greeting), decided(bank, greeting)
    first = tell(case, "kept", idempotency_key="one")
    tell(case, "broken", idempotency_key="two")
    assert tell(case, "kept", idempotency_key="one") == feedback.TakenIn(first.feedback, repeated=True)
    assert told(case) == ["kept", "broken"]
    assert not tell(other, "kept", idempotency_key="one").repeated  # a key belongs to one case
    with pytest.raises(feedback.KeyReused):
        tell(case, "kept", note="else", idempotency_key="two")


def test_the_key_of_a_repeat_is_kept_too(bank: Client, greeting: Workflow, tell: Tell) -> None:
    case = decided(bank, greeting)
    first = tell(case, "kept").feedback
    for _ in range(2):  # as often as it is sent again
        assert tell(case, "kept", idempotency_key="late") == feedback.TakenIn(first, repeated=True)
    tell(case, "broken")
    assert tell(case, "kept", idempotency_key="late") == feedback.TakenIn(first, repeated=True)
    with pytest.raises(feedback.KeyReused):
        tell(case, "broken", idempotency_key="late")
    assert told(case) == ["kept", "broken"]
    assert FeedbackPost.objects.count() == 1


def test_a_client_that_corrects_in_a_loop_is_stopped_and_a_person_is_not(
    bank: Client, greeting: Workflow, tell: Tell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feedback, "MOST", 2)
    case, sam = decided(bank, greeting), UserFactory(group="Workflow Specialist")
    tell(case, "kept"), tell(case, "broken")
    with pytest.raises(feedback.TooMuch, match="A person can still correct it"):
        tell(case, "kept", idempotency_key="k")
    assert tell(case, "broken").repeated
    tell(case, "kept", user=sam)
    assert told(case) == ["kept", "broken", "kept"]


def test_a_key_of_what_was_refused_is_free(bank: Client, greeting: Workflow, tell: Tell) -> None:
    case = decided(bank, greeting)
    with pytest.raises(feedback.Unfit):
        tell(case, "lost", idempotency_key="one")
    assert not tell(case, "kept", idempotency_key="one").repeated


def test_an_undecided_case_takes_none(bank: Client, greeting: Workflow, tell: Tell) -> None:
    case = decided(bank, greeting, rude=True)
    with pytest.raises(feedback.NotDecided, match="The case is with a person and not decided yet"):
        tell(case, "kept")
    cases.cancel(case_id=case.pk, actor="bank")
    with pytest.raises(feedback.NotDecided, match="was cancelled and never decided"):
        tell(case, "kept")
    assert not Feedback.objects.exists()


def test_a_workflow_that_declares_none_takes_none_and_says_how_it_would(bank: Client, tell: Tell) -> None:
    workflow = publish(slug="silent", feedback=())
    case = decided(bank, workflow)
    with pytest.raises(feedback.NotDeclared, match="publish a version that lists the possible values under `feedback`"):
        tell(case, "kept")
    publish_again(workflow, feedback=["kept"])
    assert not tell(case, "kept").repeated  # though an earlier version decided the case


def test_the_published_version_says_which_values_there_are(bank: Client, greeting: Workflow, tell: Tell) -> None:
    case = decided(bank, greeting)
    tell(case, "broken")
    publish_again(greeting, feedback=["kept", "late"])
    assert tell(case, "broken").repeated  # what was taken in before stays so
    with pytest.raises(feedback.Unfit, match="value must be one of kept, late"):
        tell(case, "broken", note="again")
    tell(case, "late")
    assert told(case) == ["broken", "late"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"value": "Kept"}, "value must be one of kept, broken"),
        ({"happened_at": timezone.now() + timedelta(days=1)}, "happened at is in the future"),
        ({"happened_at": datetime(1899, 12, 31, tzinfo=UTC)}, "happened at is before 1900"),
        ({"note": "x" * 1_001}, "note is longer than 1,000 characters"),
        ({"note": "a\x00b"}, "note holds a control character"),
        ({"value": "", "note": "\x1b"}, "value must be one of kept, broken; note holds a control character"),
    ],
)
def test_what_cannot_be_is_refused(
    bank: Client, greeting: Workflow, tell: Tell, given: dict[str, Any], said: str
) -> None:
    case = decided(bank, greeting)
    with pytest.raises(feedback.Unfit, match=said):
        tell(case, **{"value": "kept", **given})
    assert not Feedback.objects.exists()


def test_a_clock_that_is_a_little_ahead_and_a_moment_before_the_case_came_in_are_fine(
    bank: Client, greeting: Workflow, tell: Tell
) -> None:
    case = decided(bank, greeting)
    tell(case, "kept", happened_at=timezone.now() + timedelta(seconds=30))
    tell(case, "kept", happened_at=case.received_at - timedelta(days=400), note="a case of last year")
    assert Feedback.objects.count() == 2


def test_a_person_records_it_who_may(bank: Client, greeting: Workflow, tell: Tell) -> None:
    case, sam = decided(bank, greeting), UserFactory(username="sam", group="Workflow Specialist")
    row = tell(case, "broken", user=sam).feedback
    assert (row.user, row.key) == (sam, None)
    assert CaseEvent.objects.filter(case=case, user=sam, actor="sam", name="feedback.received").count() == 1
    with pytest.raises(Refused, match="You may not record feedback"):
        tell(case, "kept", user=UserFactory(group="Orchestration Analyst"))


@pytest.mark.parametrize(
    "more",
    [
        {},  # another first one
        {"supersedes": "first"},  # the first is superseded already
        {"supersedes": "second", "key": None},  # from nobody
        {"supersedes": "second", "user": True},  # from two
    ],
)
def test_the_database_itself_keeps_one_newest_from_one_teller(
    bank: Client, greeting: Workflow, tell: Tell, more: dict[str, Any]
) -> None:
    case = decided(bank, greeting)
    rows = {"first": tell(case, "kept").feedback, "second": tell(case, "broken").feedback}
    given = {"key": rows["first"].key, **more}
    given |= {"supersedes": rows[more["supersedes"]]} if "supersedes" in more else {}
    given |= {"user": UserFactory()} if "user" in more else {}
    with pytest.raises(DatabaseError), transaction.atomic():
        Feedback.objects.create(case=case, value="kept", **given)


def test_the_database_keeps_an_idempotency_key_once_per_case(bank: Client, greeting: Workflow, tell: Tell) -> None:
    case = decided(bank, greeting)
    row = tell(case, "kept", idempotency_key="k").feedback
    with pytest.raises(DatabaseError), transaction.atomic():
        FeedbackPost.objects.create(case=case, idempotency_key="k", feedback=row)


@pytest.mark.parametrize("key", [None, "visit"])
def test_a_note_that_was_erased_does_not_come_back_with_a_repeat(
    bank: Client, greeting: Workflow, tell: Tell, key: str | None
) -> None:
    case = decided(bank, greeting)
    row = tell(case, "kept", note="a secret", idempotency_key=key).feedback
    type(row.content).objects.update(note="", erased_at=timezone.now())
    assert tell(case, "kept", note="a secret", idempotency_key=key).repeated
    assert told(case) == ["kept"]
    tell(case, "broken", note="new")
    assert told(case) == ["kept", "broken new"]
