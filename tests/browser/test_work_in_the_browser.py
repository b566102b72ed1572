"""A specialist works a queue in a real browser, with mouse and keyboard, beside a colleague."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from orchestration.models import Case, CaseContent, Decision, WorkItem
from orchestration.services import work_item as items
from tests.doorbells import answer

pytestmark = pytest.mark.browser
SignIn = Callable[..., Page]
Escalate = Callable[..., WorkItem]


def open_item(page: Page, item: WorkItem) -> None:
    page.goto(f"/admin/orchestration/workitem/{item.pk}/change/")


def test_of_two_who_claim_one_gets_it_and_the_other_is_told(sign_in: SignIn, escalate: Escalate) -> None:
    item = escalate(reference="A-1")
    sam, ida = sign_in("sam"), sign_in("ida")
    open_item(sam, item)
    open_item(ida, item)
    sam.get_by_role("button", name="Claim it").click()
    expect(sam.get_by_text("You have claimed this.")).to_be_visible()
    ida.get_by_role("button", name="Claim it").click()
    expect(ida.get_by_text("Sam Weber has claimed this item.", exact=True)).to_be_visible()
    expect(ida.get_by_role("button", name="Decide the case")).to_have_count(0)


def test_a_case_is_claimed_and_decided_by_keyboard_alone(sign_in: SignIn, escalate: Escalate) -> None:
    escalate(reference="A-1")
    page = sign_in("sam")
    page.goto("/admin/orchestration/workitem/")
    page.keyboard.press("n")
    expect(page.get_by_text("You have claimed this.")).to_be_visible()
    page.keyboard.press("2")
    page.keyboard.press("d")
    page.keyboard.type("not in this tone, n or 1")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("Decided: no. Case A-1 is closed.")).to_be_visible()
    decision = Decision.objects.get()
    assert (decision.outcome, decision.content.note) == ("no", "not in this tone, n or 1")


def test_a_decision_without_a_note_is_not_sent(sign_in: SignIn, escalate: Escalate) -> None:
    item = escalate()
    page = sign_in("sam")
    open_item(page, item)
    page.keyboard.press("c")
    page.get_by_label("No", exact=False).first.check()
    page.get_by_role("button", name="Decide the case").click()
    assert page.locator("#note").evaluate("element => element.matches(':invalid')")
    assert not Decision.objects.exists()


def test_who_lost_the_claim_keeps_what_was_typed(sign_in: SignIn, escalate: Escalate) -> None:
    item = escalate()
    page = sign_in("sam")
    open_item(page, item)
    page.get_by_role("button", name="Claim it").click()
    page.locator("#note").fill("my long note")
    page.locator("[name=outcome][value=yes]").check()
    sign_in("ida")
    items.release(work_item_id=item.pk, user=User.objects.get(username="sam"))
    items.claim(work_item_id=item.pk, user=User.objects.get(username="ida"))
    page.get_by_role("button", name="Decide the case").click()
    expect(page.get_by_role("alert").get_by_text("Ida Weber has claimed this item")).to_be_visible()
    expect(page.locator("#note")).to_have_value("my long note")
    expect(page.locator("[name=outcome][value=yes]")).to_be_checked()


def test_sending_back_shows_what_would_happen_before_it_does(sign_in: SignIn, escalate: Escalate) -> None:
    item = escalate()
    page = sign_in("sam")
    open_item(page, item)
    page.get_by_role("button", name="Claim it").click()
    page.get_by_role("button", name="See what would happen").click()
    expect(page.locator("#preview")).to_contain_text("It would come back to a person in People: The text is rude")
    page.locator("summary", has_text="Correct: General").click()
    page.get_by_label("Rude").select_option("No")
    page.locator("#note").press("Escape")
    page.locator("#back_note").fill("It was a joke")
    page.get_by_role("button", name="See what would happen").click()
    expect(page.locator("#preview")).to_contain_text("Agents would look first: hear")
    expect(page.locator("#preview")).to_contain_text("With 1 changed fact.")
    expect(page.locator("#back_note")).to_have_value("It was a joke")
    assert Case.objects.get().status == "escalated"
    page.get_by_role("button", name="Send it back").click()
    expect(page.get_by_text("is back with the rules")).to_be_visible()
    assert CaseContent.objects.get().corrections == {"rude": False}
    answer()
    page.reload()
    expect(page.get_by_role("heading", name="Decided: yes")).to_be_visible()
    expect(page.get_by_text("corrected by Sam Weber")).to_be_visible()


def test_letters_typed_into_a_field_are_no_shortcuts(sign_in: SignIn, escalate: Escalate) -> None:
    item = escalate()
    page = sign_in("sam")
    open_item(page, item)
    page.get_by_role("button", name="Claim it").click()
    page.locator("#note").press_sequentially("1 2 d s p c")
    expect(page.locator("#note")).to_have_value("1 2 d s p c")
    expect(page.locator("[name=outcome]:checked")).to_have_count(0)
