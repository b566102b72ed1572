"""A person works a queue: claim, decide with a note, send back with corrected facts; and what others see."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client as Browser
from django.urls import reverse
from django.utils import timezone
from django.utils.html import escape

from orchestration.models import Case, CaseContent, Decision, Queue, WorkItem
from orchestration.services import work_item as items
from tests.admin.conftest import browser_of, person, text_of
from tests.doorbells import answer
from tests.small_workflow import publish

pytestmark = pytest.mark.django_db
Escalate = Callable[..., WorkItem]


def url(item: WorkItem, action: str = "change") -> str:
    return reverse(f"admin:orchestration_workitem_{action}", args=[item.pk])


def test_claiming_shows_the_forms_and_releasing_takes_them_away(sams: Browser, escalate: Escalate) -> None:
    item = escalate()
    assert "Decide the case" not in text_of(sams.get(url(item)))
    claimed = sams.post(url(item, "claim"), follow=True)
    assert "It is yours." in text_of(claimed)
    assert "Decide the case" in text_of(claimed)
    released = sams.post(url(item, "release"), follow=True)
    assert "Given back to the queue." in text_of(released)
    assert "Decide the case" not in text_of(released)
    assert WorkItem.objects.get().claimed_by is None


def test_of_two_who_claim_the_second_is_told_who_has_it(
    sam: User, sams: Browser, arnes: Browser, escalate: Escalate
) -> None:
    item = escalate()
    sams.post(url(item, "claim"))
    late = arnes.post(url(item, "claim"), follow=True)
    assert "Sam Weber has claimed this item" in text_of(late)
    assert "Decide the case" not in text_of(late)
    assert WorkItem.objects.get().claimed_by == sam


def test_claiming_the_next_takes_the_most_urgent_of_the_queue(sam: User, sams: Browser, escalate: Escalate) -> None:
    low, late, soon = (escalate(reference=name) for name in ("low", "late", "soon"))
    other = Queue.objects.create(workflow=low.case.workflow, slug="other", title="Other")
    WorkItem.objects.filter(pk=soon.pk).update(due_at=timezone.now())
    WorkItem.objects.filter(pk=late.pk).update(priority=3, queue=other)
    mine = sams.post(reverse("admin:orchestration_workitem_claim-next"), {"queue": low.queue_id})
    assert mine.headers["Location"] == url(soon)
    assert sams.post(reverse("admin:orchestration_workitem_claim-next")).headers["Location"] == url(late)
    assert list(WorkItem.objects.filter(claimed_by=sam).order_by("pk")) == [late, soon]


def test_claiming_the_next_of_nothing_says_so(sams: Browser, greeting: Any) -> None:
    answer_ = sams.post(reverse("admin:orchestration_workitem_claim-next"), follow=True)
    assert "Nothing is waiting here" in text_of(answer_)


def test_a_decision_with_its_note_closes_the_case(sam: User, sams: Browser, escalate: Escalate) -> None:
    item = escalate(reference="A-1")
    sams.post(url(item, "claim"))
    done = sams.post(url(item, "decide"), {"outcome": "no", "note": "not like that"}, follow=True)
    assert "Decided: no. Case A-1 is closed." in text_of(done)
    case, decision = Case.objects.get(), Decision.objects.get()
    assert (case.status, case.outcome, case.decided_by) == ("decided", "no", "person")
    assert (decision.user, decision.content.note) == (sam, "not like that")


@pytest.mark.parametrize(
    ("outcome", "note", "told"),
    [
        ("no", "   ", "Say in a note why you decide so"),  # a note of blanks is none
        ("", "because<b>&", "Choose one of: yes, no."),  # no outcome chosen
        ("perhaps", "because<b>&", "perhaps is not an outcome of this workflow"),  # not one of this version
    ],
)
def test_a_decision_that_lacks_something_keeps_what_was_typed(
    outcome: str, note: str, told: str, sams: Browser, escalate: Escalate
) -> None:
    item = escalate()
    sams.post(url(item, "claim"))
    refused = sams.post(url(item, "decide"), {"outcome": outcome, "note": note})
    assert refused.status_code == 409
    assert told in text_of(refused)
    assert f"{escape(note)}</textarea>" in text_of(refused)
    assert not Decision.objects.exists()


def test_who_lost_the_claim_is_told_who_has_it_and_keeps_the_text(
    sam: User, arne: User, sams: Browser, escalate: Escalate
) -> None:
    item = escalate()
    sams.post(url(item, "claim"))
    items.release(work_item_id=item.pk, user=sam)
    items.claim(work_item_id=item.pk, user=arne)
    refused = sams.post(url(item, "decide"), {"outcome": "no", "note": "my long note"})
    assert "Arne Holm has claimed this item" in text_of(refused)
    assert "my long note</textarea>" in text_of(refused)
    assert 'value="no" required data-shortcut="2" checked' in text_of(refused)
    assert not Decision.objects.exists()


def test_a_case_decided_by_somebody_else_meanwhile_is_not_decided_twice(
    sam: User, arne: User, sams: Browser, escalate: Escalate
) -> None:
    item = escalate()
    sams.post(url(item, "claim"))
    items.release(work_item_id=item.pk, user=sam)
    items.claim(work_item_id=item.pk, user=arne)
    items.decide(work_item_id=item.pk, user=arne, outcome="yes", note="fine")
    refused = sams.post(url(item, "decide"), {"outcome": "no", "note": "mine"})
    assert "This item was closed by Arne Holm in the meantime" in text_of(refused)
    assert "mine</textarea>" in text_of(refused)
    assert [decision.outcome for decision in Decision.objects.all()] == ["yes"]


def test_a_preview_tells_what_would_happen_and_stores_nothing(sams: Browser, escalate: Escalate) -> None:
    item = escalate()
    sams.post(url(item, "claim"))
    before = list(CaseContent.objects.values()), Case.objects.get().last_event
    given = {"fact:case.rude": "false", "fact:case.text": "hi", "preview": "1"}
    shown = sams.post(url(item, "send-back"), given, headers={"X-Fragment": "preview"})
    assert "Agents would look first: hear" in text_of(shown)
    assert "With 1 changed fact." in text_of(shown)
    assert "<html" not in text_of(shown)
    unchanged = sams.post(url(item, "send-back"), {"fact:case.rude": "true", "preview": "1"})
    assert "It would come back to a person in People: The text is rude" in text_of(unchanged)
    assert (list(CaseContent.objects.values()), Case.objects.get().last_event) == before


def test_sending_back_corrects_only_what_was_changed_and_the_rules_decide(
    sam: User, sams: Browser, escalate: Escalate
) -> None:
    item = escalate(text="two\nlines")
    sams.post(url(item, "claim"))
    given = {"fact:case.text": "two\r\nlines", "fact:case.rude": "false", "fact:case.until": "", "back_note": "a joke"}
    sent = sams.post(url(item, "send-back"), given, follow=True)
    assert "is back with the rules" in text_of(sent)
    assert CaseContent.objects.get().corrections == {"rude": False}
    answer()
    page = text_of(sams.get(reverse("admin:orchestration_case_change", args=[item.case_id])))
    assert "Decided: yes" in page
    assert "corrected by Sam Weber" in page
    assert '<span class="c-was">yes</span>' in page
    assert "a joke" in page
    assert "earlier run" not in page


def test_a_run_on_facts_since_corrected_is_kept_apart(sams: Browser, post: Callable[..., Case]) -> None:
    post(workflow=publish(slug="doubtful", config={"confidence": 0.1}), text="helo")
    item = WorkItem.objects.get()
    sams.post(url(item, "claim"))
    sams.post(url(item, "send-back"), {"fact:case.text": "hello"})
    answer()
    page = text_of(sams.get(reverse("admin:orchestration_case_change", args=[item.case_id])))
    assert page.index("Heard hello") < page.index("1 earlier run,") < page.index("Heard helo<")


def test_an_answer_of_a_person_is_a_fact_of_its_own(sams: Browser, escalate: Escalate) -> None:
    item = escalate()
    sams.post(url(item, "claim"))
    sams.post(url(item, "send-back"), {"fact:human.trusted": "true"})
    content = CaseContent.objects.get()
    assert (content.human, content.corrections) == ({"trusted": True}, {})


def test_a_correction_that_does_not_fit_is_named_and_kept(sams: Browser, escalate: Escalate) -> None:
    item = escalate()
    sams.post(url(item, "claim"))
    given = {"fact:case.text": "changed", "fact:case.until": "tomorrow", "back_note": "see <mail>"}
    refused = sams.post(url(item, "send-back"), given)
    assert refused.status_code == 409
    assert "until: " in text_of(refused)
    assert 'value="changed"' in text_of(refused)
    assert 'value="tomorrow"' in text_of(refused)
    assert "see &lt;mail&gt;</textarea>" in text_of(refused)
    assert CaseContent.objects.get().corrections == {}


def test_taking_a_fact_away_is_refused_at_its_field(sams: Browser, escalate: Escalate) -> None:
    item = escalate()
    sams.post(url(item, "claim"))
    refused = sams.post(url(item, "send-back"), {"fact:case.rude": ""})
    assert "a correction can change a fact, not take it away" in text_of(refused)


def test_the_list_shows_open_work_most_urgent_first_and_marks_what_is_overdue(
    sams: Browser, escalate: Escalate
) -> None:
    _, late, urgent = (escalate(reference=name) for name in ("plain", "late", "urgent"))
    WorkItem.objects.filter(pk=urgent.pk).update(priority=3)
    WorkItem.objects.filter(pk=late.pk).update(due_at=timezone.now() - timedelta(hours=2))
    listed = text_of(sams.get(reverse("admin:orchestration_workitem_changelist")))
    assert listed.index(">urgent<") < listed.index(">late<") < listed.index(">plain<")
    assert "2\xa0hours overdue" in listed
    assert listed.count("c-overdue") >= 1


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("", {"free", "mine"}),  # open ones unless asked for others
        ("?whose=mine", {"mine"}),
        ("?whose=free", {"free"}),
        ("?whose=overdue", set()),
        ("?whose=done", {"done"}),
        ("?whose=all", {"free", "mine", "done"}),
        ("?whose=nonsense", {"free", "mine"}),  # an unknown choice hides nothing that is open
        ("?q=mi", {"mine"}),
    ],
)
def test_the_list_can_be_narrowed(query: str, shown: set[str], sam: User, sams: Browser, escalate: Escalate) -> None:
    escalate(reference="free")
    items.claim(work_item_id=escalate(reference="mine").pk, user=sam)
    done = items.claim(work_item_id=escalate(reference="done").pk, user=sam)
    items.decide(work_item_id=done.pk, user=sam, outcome="yes", note="fine")
    listed = text_of(sams.get(reverse("admin:orchestration_workitem_changelist") + query))
    assert {name for name in ("free", "mine", "done") if f">{name}</" in listed} == shown


def test_a_reader_sees_the_item_but_no_form(escalate: Escalate) -> None:
    page = text_of(browser_of(person("analyst")).get(url(escalate())))
    assert "You may look at this item." in page
    assert "<textarea" not in page


def test_a_closed_item_says_how_it_ended(sam: User, sams: Browser, escalate: Escalate) -> None:
    item = items.claim(work_item_id=escalate().pk, user=sam)
    items.decide(work_item_id=item.pk, user=sam, outcome="yes", note="fine")
    page = text_of(sams.get(url(item)))
    assert "Decided by Sam Weber" in page
    assert "Decide the case" not in page


def test_an_approval_shows_the_proposal_and_keeps_it(sams: Browser, post: Callable[..., Case]) -> None:
    post(workflow=publish(slug="supervised", autonomy="supervised"))
    item = WorkItem.objects.get()
    claimed = text_of(sams.post(url(item, "claim"), follow=True))
    assert "The rules propose <strong>yes</strong>" in claimed
    assert 'value="yes" required data-shortcut="1" checked' in claimed
    sams.post(url(item, "decide"), {"outcome": "no", "note": "not this one"})
    decision = Decision.objects.get()
    assert (decision.outcome, decision.proposal, decision.source) == ("no", "yes", "person")


@pytest.mark.parametrize("queue", ["x", "²", "9" * 40, "-1", ""])
def test_claiming_from_a_queue_that_is_none_claims_from_all_or_nothing(
    queue: str, sams: Browser, escalate: Escalate
) -> None:
    escalate()
    assert sams.post(reverse("admin:orchestration_workitem_claim-next"), {"queue": queue}).status_code == 302
