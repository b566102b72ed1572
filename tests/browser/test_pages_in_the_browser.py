"""Pages fit wide and narrow windows, light and dark, and name their fields for screen readers."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page

from orchestration.models import WorkItem
from orchestration.services import work_item as items

pytestmark = pytest.mark.browser
PATHS = [
    "",
    "orchestration/case/",
    "orchestration/case/{case}/change/",
    "orchestration/workitem/",
    "orchestration/workitem/{item}/change/",
    "orchestration/workflow/",
    "orchestration/workflow/1/change/",
    "orchestration/workflow/agents/",
    "orchestration/workflow/import/",
    "orchestration/workflowversion/",
    "orchestration/workflowversion/{version}/change/",
    "orchestration/apikey/new/",
    "orchestration/client/",
]
UNNAMED = """() => [...document.querySelectorAll('.c-page input, .c-page select, .c-page textarea, .c-page button')]
    .filter(one => one.type !== 'hidden' && !(one.labels && one.labels.length) && !one.getAttribute('aria-label')
        && !one.textContent.trim()).map(one => one.outerHTML.slice(0, 120))"""
FAINT = """() => {
    const light = colour => {
        const canvas = document.createElement('canvas').getContext('2d');
        canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
        const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
        const lin = one => { one /= 255; return one <= 0.03928 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4; };
        return [0.2126 * lin(r) + 0.7152 * lin(g) + 0.0722 * lin(b), a];
    };
    const behind = element => {
        for (let one = element; one; one = one.parentElement) {
            const [luminance, alpha] = light(getComputedStyle(one).backgroundColor);
            if (alpha > 200) return luminance;
        }
        return 1;
    };
    const faint = [];
    for (const one of document.querySelectorAll('.c-page *')) {
        const own = [...one.childNodes].some(node => node.nodeType === 3 && node.textContent.trim());
        if (!own || !one.offsetParent || one.closest('[disabled]')) continue;
        const [front] = light(getComputedStyle(one).color), back = behind(one);
        const ratio = (Math.max(front, back) + 0.05) / (Math.min(front, back) + 0.05);
        if (ratio < 4.5) faint.push(`${ratio.toFixed(1)} ${one.outerHTML.slice(0, 120)}`);
    }
    return faint;
}"""


@pytest.mark.parametrize(("width", "dark"), [(1400, False), (1400, True), (420, False), (420, True)])
def test_every_page_fits_its_window_is_readable_and_names_its_fields(
    width: int, dark: bool, sign_in: Callable[..., Page], escalate: Callable[..., WorkItem]
) -> None:
    item = escalate(reference="A-1", text="word " * 400)
    page = sign_in("arne", group="Orchestration Architect", width=width, dark=dark)
    items.claim(work_item_id=item.pk, user=User.objects.get(username="arne"))
    for path in PATHS:
        here = path.format(case=item.case_id, item=item.pk, version=item.case.version_id)
        if "workflow/1/" in here:
            here = here.replace("/1/", f"/{item.case.workflow_id}/")
        assert page.goto(f"/admin/{here}").status == 200  # type: ignore[union-attr]
        page.wait_for_load_state("networkidle")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, here
        assert page.evaluate(UNNAMED) == [], here
        assert page.evaluate(FAINT) == [], here
