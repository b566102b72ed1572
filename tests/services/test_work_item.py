"""A person's part: claim, decide, send back; and what is refused."""

import threading
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import close_old_connections, connections

from orchestration.models import Case, CaseEvent, Client, Decision, WorkItem
from orchestration.services import case as cases
from orchestration.services import work_item as items
from orchestration.services.refusal import Refused
from tests.doorbells import answer
from tests.small_workflow import publish

pytestmark = pytest.mark.django_db


@pytest.fixture
def sam() -> User:
    return User.objects.create_user("sam", first_name="Sam", last_name="Weber")


@pytest.fixture
def ida() -> User:
    return User.objects.create_user("ida")


def escalated(**changed: Any) -> WorkItem:
    workflow = publish(**changed)
    client = Client.objects.create(name="bank")
    cases.accept(client=client, workflow=workflow, payload={"text": "hi", "rude": True}, decide_now=True)
    return WorkItem.objects.get()


def test_of_two_who_claim_one_gets_it_and_the_other_is_told_who_has_it(sam: User, ida: User) -> None:
    item = escalated()
    assert items.claim(work_item_id=item.pk, user=sam).claimed_by == sam
    with pytest.raises(Refused, match="Sam Weber has claimed this item"):
        items.claim(work_item_id=item.pk, user=ida)


def test_claiming_twice_is_one_claim_in_the_history(sam: User) -> None:
    item = escalated()
    items.claim(work_item_id=item.pk, user=sam)
    items.claim(work_item_id=item.pk, user=sam)
    assert CaseEvent.objects.filter(name="work_item.claimed").count() == 1


def test_a_released_item_can_be_claimed_by_another(sam: User, ida: User) -> None:
    item = escalated()
    items.claim(work_item_id=item.pk, user=sam)
    with pytest.raises(Refused):
        items.release(work_item_id=item.pk, user=ida)
    items.release(work_item_id=item.pk, user=sam)
    assert items.claim(work_item_id=item.pk, user=ida).claimed_by == ida


def test_the_persons_decision_closes_item_and_case(sam: User) -> None:
    item = escalated()
    items.claim(work_item_id=item.pk, user=sam)
    items.decide(work_item_id=item.pk, user=sam, outcome="no", note=" Too rude. ")
    case, decision = Case.objects.get(), Decision.objects.get()
    assert (case.status, case.outcome, case.decided_by) == ("decided", "no", "person")
    assert (decision.source, decision.user, decision.content.note) == ("person", sam, "Too rude.")
    item.refresh_from_db()
    assert (item.status, item.closed_by, item.result) == ("done", sam, "decided")


@pytest.mark.parametrize(
    ("outcome", "note", "message"),
    [
        ("maybe", "because", "maybe is not an outcome of this workflow. Choose one of: yes, no."),
        ("", "because", "Nothing is not an outcome"),
        ("no", "  ", "Say in a note why"),
    ],
)
def test_a_decision_needs_a_known_outcome_and_a_note(sam: User, outcome: str, note: str, message: str) -> None:
    item = escalated()
    items.claim(work_item_id=item.pk, user=sam)
    with pytest.raises(Refused, match=message):
        items.decide(work_item_id=item.pk, user=sam, outcome=outcome, note=note)
    assert Decision.objects.count() == 0


def test_who_no_longer_holds_the_claim_cannot_decide(sam: User, ida: User) -> None:
    item = escalated()
    with pytest.raises(Refused, match="claim it first"):
        items.decide(work_item_id=item.pk, user=sam, outcome="no", note="n")
    items.claim(work_item_id=item.pk, user=sam)
    items.release(work_item_id=item.pk, user=sam)
    items.claim(work_item_id=item.pk, user=ida)
    with pytest.raises(Refused, match="ida has claimed this item"):
        items.decide(work_item_id=item.pk, user=sam, outcome="no", note="n")
    items.decide(work_item_id=item.pk, user=ida, outcome="yes", note="n")
    with pytest.raises(Refused, match="closed by ida"):
        items.decide(work_item_id=item.pk, user=ida, outcome="no", note="n")
    assert Decision.objects.get().outcome == "yes"


def test_sending_back_with_a_corrected_fact_lets_the_rules_decide(sam: User) -> None:
    item = escalated()
    items.claim(work_item_id=item.pk, user=sam)
    assert items.preview(work_item=item, corrections={"rude": False}, human={}).kind == "run"
    items.send_back(work_item_id=item.pk, user=sam, corrections={"rude": False}, human={}, note="It is a joke")
    answer()
    case = Case.objects.get()
    assert (case.status, case.outcome, case.decided_by) == ("decided", "yes", "rules")
    assert case.content.payload == {"text": "hi", "rude": True}
    assert case.content.corrections == {"rude": False}
    event = CaseEvent.objects.get(name="case.sent_back")
    assert event.about["corrected"] == ["rude"]
    assert event.content.content == {"corrections": {"rude": False}, "human": {}, "note": "It is a joke"}


def test_a_persons_answer_is_a_fact_for_the_rules(sam: User) -> None:
    item = escalated()
    items.claim(work_item_id=item.pk, user=sam)
    items.send_back(work_item_id=item.pk, user=sam, corrections={}, human={"trusted": True}, note="")
    answer()
    assert Case.objects.get().outcome == "yes"


def test_sending_back_makes_failed_runs_count_as_not_run(sam: User) -> None:
    workflow = publish(use="test.refusing")
    cases.accept(client=Client.objects.create(name="b"), workflow=workflow, payload={"text": "hi"}, decide_now=True)
    item = WorkItem.objects.get()
    items.claim(work_item_id=item.pk, user=sam)
    items.send_back(work_item_id=item.pk, user=sam, corrections={}, human={}, note="try again")
    answer()
    case = Case.objects.get()
    assert (case.status, case.runs.count(), WorkItem.objects.filter(status="open").count()) == ("escalated", 2, 1)


@pytest.mark.parametrize(
    ("corrections", "human", "message"),
    [
        ({"rude": "perhaps"}, {}, "rude"),  # a value of another type
        ({"colour": "red"}, {}, "colour: is not a fact of this workflow"),
        ({"text": None}, {}, "text"),  # required
        ({}, {"trusted": 3}, "trusted"),
        ({"text": "x" * 60_001}, {}, "longer than 60,000 bytes"),
    ],
)
def test_corrections_that_do_not_fit_are_refused_and_nothing_changes(
    sam: User, corrections: dict[str, Any], human: dict[str, Any], message: str
) -> None:
    item = escalated()
    items.claim(work_item_id=item.pk, user=sam)
    with pytest.raises(Refused, match=message):
        items.send_back(work_item_id=item.pk, user=sam, corrections=corrections, human=human, note="")
    case = Case.objects.get()
    assert (case.status, case.content.corrections) == ("escalated", {})


def test_answers_are_laid_over_earlier_ones_group_by_group() -> None:
    assert items._merged({"check": {"a": 1}, "x": 2}, {"check": {"b": 3}}) == {"check": {"a": 1, "b": 3}, "x": 2}


@pytest.mark.django_db(transaction=True)
def test_of_many_who_claim_at_the_same_moment_exactly_one_gets_it() -> None:
    item = escalated()
    people = [User.objects.create_user(f"u{number}") for number in range(6)]
    start, results = threading.Barrier(len(people)), []

    def race(user: User) -> None:
        close_old_connections()
        start.wait()
        try:
            items.claim(work_item_id=item.pk, user=user)
            results.append(user.username)
        except Refused as refusal:
            results.append(refusal.message)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=race, args=(user,)) for user in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    item.refresh_from_db()
    winner = item.claimed_by.username
    assert sorted(results) == sorted([winner] + [f"{winner} has claimed this item."] * 5)
