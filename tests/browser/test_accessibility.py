"""axe-core finds nothing serious on the pages people work with, light or dark, wide or narrow, on either look."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from orchestration.models import Workflow, WorkItem
from orchestration.services import work_item as items
from tests.browser.test_rule_change_story import POLITE, TABLE
from tests.submitting import ANALYST, ARCHITECT, draft_of, somebody, submitted

pytestmark = [pytest.mark.slow, pytest.mark.browser]
ROOT = Path(__file__).resolve().parents[2]
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


# What an analyst works on in a narrow window; small enough to be tried on the stock look too.
TELLING = [
    VERSION + "{draft}/change/",
    VERSION + "{draft}/rules/rude/",
    VERSION + "{draft}/tables/mood/",
    VERSION + "{draft}/parameters/",
    VERSION + "{submitted}/review/",
]


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_no_page_has_a_serious_fault_for_people_with_disabilities(
    dark: bool, workflow: Workflow, sign_in: Callable[..., Page], escalate: Callable[..., WorkItem]
) -> None:
    item = escalate(reference="A-1")
    page = sign_in("arne", group=ARCHITECT, dark=dark)
    items.claim(work_item_id=item.pk, user=User.objects.get(username="arne"))
    here = {**versions_of(workflow), "item": item.pk, "case": item.case_id, "workflow": workflow.pk}
    faults = faults_on(page, PATHS, here)
    assert not faults, "\n".join(faults)


def test_nor_has_an_analysts_narrow_window(workflow: Workflow, sign_in: Callable[..., Page]) -> None:
    faults = faults_on(sign_in("ana", group=ANALYST, width=420), TELLING, versions_of(workflow))
    assert not faults, "\n".join(faults)


@pytest.mark.skipif(settings.ADMIN_LOOK == "stock", reason="this is the stock look")
def test_nor_has_the_stock_look(tmp_path: Path) -> None:
    """The narrow window once more in a process of its own, on SQLite."""
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "DATABASE_URL"))
    }
    environment |= {"ADMIN_LOOK": "stock", "VAR_DIR": str(tmp_path), "DEMO": "1"}
    command = [sys.executable, "-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider", __file__, "-k", "narrow"]
    run = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300)
    assert run.returncode == 0, run.stdout[-4000:] + run.stderr[-2000:]
    assert "1 passed" in run.stdout


def versions_of(workflow: Workflow) -> dict[str, int]:
    sections = {"tables": [TABLE], "scenarios": [POLITE]}
    return {
        "published": workflow.published_version.pk,
        "draft": draft_of(workflow, somebody(ANALYST), **sections).pk,
        "submitted": submitted(draft_of(workflow, somebody(ANALYST), budget=2, **sections)).pk,
    }


def faults_on(page: Page, paths: list[str], here: dict[str, int]) -> list[str]:
    faults = []
    for path in paths:
        assert page.goto(f"/admin/{path.format(**here)}").status == 200  # type: ignore[union-attr]
        page.wait_for_load_state("networkidle")
        if "/try/" in path:
            page.get_by_role("button", name="Try it").click()
            expect(page.locator("#try-result").get_by_role("heading").first).to_be_visible()
        faults += [f"{path}: {fault}" for fault in serious_faults(page)]
    return faults


def serious_faults(page: Page) -> list[str]:
    context = OURS if page.locator(OURS).count() else "#main"
    found = Axe().run(page, context=context).response["violations"]
    return [
        f"{one['id']} ({one['impact']}): {node['target']} {node['html'][:160]}"
        for one in found
        if one["impact"] in ("serious", "critical")
        for node in one["nodes"]
    ]
