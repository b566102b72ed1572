"""A comparison asked for on the agent's page and followed to its end, in a real browser."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from orchestration.agents.outcome import Outcome
from orchestration.models import Workflow
from orchestration.services import comparison_batch as batches
from orchestration.services.case import accept
from tests.browser.test_accessibility import serious_faults
from tests.doorbells import answer
from tests.factories import ClientFactory
from tests.submitting import ARCHITECT

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_comparison_is_asked_for_and_its_page_follows_it_to_the_end(
    workflow: Workflow, sign_in: Callable[..., Page], monkeypatch: pytest.MonkeyPatch
) -> None:
    client = ClientFactory(name="bank")
    for text in ("hi", "hello"):
        accept(client=client, workflow=workflow, payload={"text": text}, reference=f"A-{text}", decide_now=True)

    def shout(found: Any, *, input: dict[str, Any], **given: Any) -> Outcome:
        output = {"text": input["text"].upper(), "length": len(input["text"])}
        return Outcome("succeeded", output=output, confidence=0.6, duration=0.5)

    monkeypatch.setattr(batches, "run_plugin", shout)
    monkeypatch.setattr(batches, "BATCH", -1.0)  # one input for each doorbell
    page = sign_in("arne", group=ARCHITECT)
    page.goto("/admin/agents/test.echo/")
    page.get_by_role("link", name="Compare with a candidate…").click()
    page.get_by_label("Candidate", exact=True).select_option("test.apart")
    page.get_by_role("button", name="Start").click()
    expect(page.get_by_role("alert")).to_contain_text("does not declare that it stays within this machine")
    page.get_by_label("The candidate may call whatever").check()
    page.get_by_role("button", name="Start").click()

    expect(page.get_by_text("0 of 2 inputs")).to_be_visible()
    expect(page.get_by_text("Nothing yet.")).to_be_visible()
    page.evaluate("window.stayed = true")
    answer(at_most=1)
    expect(page.get_by_text("1 of 2 inputs")).to_be_visible()
    expect(page.get_by_role("region", name="Cases where they differ")).to_contain_text("HELLO")
    stop = page.get_by_role("button", name="Stop the comparison")
    stop.focus()
    answer()
    expect(page.get_by_text("2 of 2 inputs")).to_be_visible()
    expect(stop).to_have_count(0)
    expect(page.get_by_role("button", name="Run it again on the same inputs")).to_be_visible()
    assert page.evaluate("window.stayed")  # it was never loaded anew
    assert serious_faults(page) == []

    page.get_by_role("row", name="text 0 2").get_by_role("link", name="Where it differs").click()
    expect(page.get_by_role("region", name="Cases where they differ").get_by_role("link")).to_have_text(
        ["A-hello", "A-hi"]
    )
