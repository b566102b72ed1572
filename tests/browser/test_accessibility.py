"""axe-core finds nothing serious on the pages people work with, light or dark."""

from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from orchestration.models import Workflow, WorkItem
from orchestration.services import work_item as items
from tests.browser.test_rule_change_story import POLITE, TABLE
from tests.submitting import ANALYST, ARCHITECT, draft_of, somebody, submitted

pytestmark = [pytest.mark.slow, pytest.mark.browser]
VERSION = "orchestration/workflowversion/"
PATHS = [
    "",
    "orchestration/workitem/",
    "orchestration/workitem/{item}/change/",
    "orchestration/case/{case}/change/",
    VERSION + "{published}/change/",
    VERSION + "{draft}/change/",
    VERSION + "{draft}/edit/",
    VERSION + "{draft}/rules/rude/",
    VERSION + "{draft}/rules/new/",
    VERSION + "{draft}/tables/mood/",
    VERSION + "{draft}/parameters/",
    VERSION + "{draft}/agents/hear/",
    VERSION + "{draft}/agents/~new/",
    "agents/",
    "agents/test.echo/",
    "agents/test.echo/compare/",
    "secrets/",
    VERSION + "{draft}/try/?case={case}",
    VERSION + "{draft}/scenarios/",
    VERSION + "{draft}/submit/",
    VERSION + "{submitted}/review/",
    VERSION + "{submitted}/compare/{published}/",
    VERSION + "activity/{workflow}/",
]
# The frame around our pages (side bar, search, account menu, filters of lists) is unfold's and not ours to mend.
OURS = ".c-page"


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_no_page_has_a_serious_fault_for_people_with_disabilities(
    dark: bool, workflow: Workflow, sign_in: Callable[..., Page], escalate: Callable[..., WorkItem]
) -> None:
    item = escalate(reference="A-1")
    page = sign_in("arne", group=ARCHITECT, dark=dark)
    items.claim(work_item_id=item.pk, user=User.objects.get(username="arne"))
    sections = {"tables": [TABLE], "scenarios": [POLITE]}
    here = {
        "item": item.pk,
        "case": item.case_id,
        "workflow": workflow.pk,
        "published": workflow.published_version.pk,
        "draft": draft_of(workflow, somebody(ANALYST), **sections).pk,
        "submitted": submitted(draft_of(workflow, somebody(ANALYST), budget=2, **sections)).pk,
    }
    faults = []
    for path in PATHS:
        assert page.goto(f"/admin/{path.format(**here)}").status == 200  # type: ignore[union-attr]
        page.wait_for_load_state("networkidle")
        if "/try/" in path:
            page.get_by_role("button", name="Try it").click()
            expect(page.locator("#try-result").get_by_role("heading").first).to_be_visible()
        faults += [f"{path}: {fault}" for fault in serious_faults(page)]
    assert not faults, "\n".join(faults)


def serious_faults(page: Page) -> list[str]:
    context = OURS if page.locator(OURS).count() else "#main"
    found = Axe().run(page, context=context).response["violations"]
    return [
        f"{one['id']} ({one['impact']}): {node['target']} {node['html'][:160]}"
        for one in found
        if one["impact"] in ("serious", "critical")
        for node in one["nodes"]
    ]
