"""The pages where scenarios are kept: for those who may, escaped, bounded, nothing lost."""

import io
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from openpyxl import load_workbook

from orchestration.models import Case, Workflow, WorkflowVersion
from orchestration.rules.pack import dump_yaml
from orchestration.rules.scenario_file import csv_of_scenarios
from orchestration.services import version as versions
from tests.admin.conftest import browser_of, text_of

pytestmark = pytest.mark.django_db
HEARD = {"hear": {"output": {"text": "hi", "length": 2}, "confidence": 0.9}}
HOLDS = {"title": "Polite", "given": {"case": {"text": "hi"}, "agents": HEARD}, "expect": {"outcome": "yes"}}
FAILS = {"title": "Rude", "given": {"case": {"text": "hi", "rude": True}}, "expect": {"outcome": "yes"}}


def url(version: WorkflowVersion, action: str, *more: Any) -> str:
    return reverse(f"admin:orchestration_workflowversion_{action}", args=[version.pk, *more])


@pytest.fixture
def draft(greeting: Workflow, ana: User) -> WorkflowVersion:
    content = {**greeting.published_version.content, "scenarios": [HOLDS, FAILS]}
    return versions.new_draft(workflow=greeting, data=content, note="a draft", user=ana)


def test_the_list_shows_both_versions_side_by_side(draft: WorkflowVersion, anas: Browser) -> None:
    page = anas.get(url(draft, "scenarios"))
    assert [(row.here.passed, row.published.passed) for row in page.context["rows"]] == [(True, True), (False, False)]
    assert "1 of 2 fail" in text_of(page)
    assert "expected outcome yes, but the rules escalate with reason The text is rude" in text_of(page)
    assert [one.key for one in page.context["coverage"].missed] == ["doubt"]


def test_many_are_run_piece_by_piece_or_all_at_once(
    draft: WorkflowVersion, ana: User, anas: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orchestration.admin.version_scenarios.AT_ONCE", 1)
    page = anas.get(url(draft, "scenarios"))
    assert "not run yet" in text_of(page)
    assert "rows" not in page.context
    assert "1 of 2 fail" in text_of(anas.get(url(draft, "scenarios") + "?run=all"))
    piece = anas.get(url(draft, "scenarios-run") + "?first=1")
    assert (piece["X-Passed"], piece["X-Failed"], text_of(piece).count("<tr")) == ("0", "1", 1)
    assert "1 of 4" not in text_of(anas.get(url(draft, "scenarios-run") + "?coverage=1"))
    assert text_of(anas.get(url(draft, "scenarios-run") + "?first=99")).count("<tr") == 0


def test_the_list_takes_as_many_queries_for_three_as_for_one(greeting: Workflow, ana: User, anas: Browser) -> None:
    counts = []
    for number in (1, 3):
        many = [{**HOLDS, "title": f"S{n}"} for n in range(number)]
        content = {**greeting.published_version.content, "scenarios": many}
        draft = versions.new_draft(workflow=greeting, data=content, note="", user=ana)
        anas.get(url(draft, "scenarios"))  # versions are compiled once
        with CaptureQueriesContext(connection) as seen:
            anas.get(url(draft, "scenarios"))
        counts.append(len(seen))
    assert counts[0] == counts[1]


def test_a_case_becomes_a_scenario_in_one_click(
    draft: WorkflowVersion, anas: Browser, post: Callable[..., Case]
) -> None:
    case = post(reference="A-1")
    for wanted in (f"pk:{case.pk}", "A-1", str(case.public_id)):
        answer = anas.post(url(draft, "scenario-from-case"), {"case": wanted}, follow=True)
        assert "is a scenario now" in text_of(answer)
    draft.refresh_from_db()
    assert [one["title"] for one in draft.content["scenarios"][2:]] == ["Case A-1: yes, as the rules decided"] * 3
    assert anas.get(url(draft, "scenarios")).context["rows"][2].here.passed
    for wanted in ("", "B-9", "pk:999999", "pk:x"):
        assert "has no case" in text_of(anas.post(url(draft, "scenario-from-case"), {"case": wanted}, follow=True))


def test_a_scenario_is_written_changed_and_deleted(draft: WorkflowVersion, anas: Browser) -> None:
    new = {**HOLDS, "title": "Third"}
    anas.post(url(draft, "scenario-new"), {"text": dump_yaml(new), "seen": ""})
    draft.refresh_from_db()
    assert draft.content["scenarios"] == [HOLDS, FAILS, new]
    page = anas.get(url(draft, "scenario", 2))
    changed = page.context["text"].replace("Third", "Last")
    assert "is saved" in text_of(
        anas.post(url(draft, "scenario", 2), {"text": changed, "seen": page.context["seen"]}, follow=True)
    )
    page = anas.get(url(draft, "scenario", 0))
    anas.post(url(draft, "scenario", 0), {"text": "", "seen": page.context["seen"], "delete": "1"})
    draft.refresh_from_db()
    assert [one["title"] for one in draft.content["scenarios"]] == ["Rude", "Last"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("title: x\ngiven: [", "this is not YAML"),
        ("- 1", "A scenario has the entries title, given and expect"),
        ("title: x\ngiven: {}\n", "lacks the entry “expect”"),
        ("title: x\ngiven: {}\nexpect: {outcome: maybe}\n", "expect › outcome"),
        ("title: x\ngiven: {agents: {see: {}}}\nexpect: {outcome: yes}\n", "given › agents › see"),
    ],
)  # fmt: skip
def test_a_wrong_scenario_is_told_by_place_and_no_text_is_lost(
    draft: WorkflowVersion, anas: Browser, text: str, told: str
) -> None:
    seen = anas.get(url(draft, "scenario", 0)).context["seen"]
    page = anas.post(url(draft, "scenario", 0), {"text": text, "seen": seen})
    assert page.status_code in (400, 409)
    assert told in text_of(page)
    assert page.context["text"] == text


def test_two_people_at_one_scenario_lose_nothing(draft: WorkflowVersion, anas: Browser) -> None:
    seen = anas.get(url(draft, "scenario", 0)).context["seen"]
    first, second = ({**HOLDS, "title": name} for name in ("Mine", "Yours"))
    anas.post(url(draft, "scenario", 0), {"text": dump_yaml(first), "seen": seen})
    late = anas.post(url(draft, "scenario", 0), {"text": dump_yaml(second), "seen": seen})
    assert (late.status_code, late.context["text"]) == (409, dump_yaml(second))
    assert "title: Mine" in late.context["now"]
    anas.post(url(draft, "scenario", 0), {"text": dump_yaml(second), "seen": late.context["seen"]})
    draft.refresh_from_db()
    assert draft.content["scenarios"][0]["title"] == "Yours"


def test_what_was_written_survives_a_lost_permission_and_a_deleted_draft(draft: WorkflowVersion, ana: User) -> None:
    anas = browser_of(ana)
    seen = anas.get(url(draft, "scenario", 0)).context["seen"]
    ana.groups.clear()
    ana.user_permissions.add(Permission.objects.get(codename="view_workflowversion"))
    page = anas.post(url(draft, "scenario", 0), {"text": "title: mine", "seen": seen})
    assert (page.status_code, "title: mine" in text_of(page)) == (403, True)
    place = url(draft, "scenario", 0)
    draft.delete()
    page = anas.post(place, {"text": "title: mine", "seen": seen})
    assert (page.status_code, "title: mine" in text_of(page)) == (410, True)


def test_only_who_may_change_versions_changes_scenarios(draft: WorkflowVersion, sams: Browser) -> None:
    assert "Write one" not in text_of(sams.get(url(draft, "scenarios")))
    assert sams.post(url(draft, "scenario-from-case"), {"case": "x"}).status_code == 403
    assert sams.post(url(draft, "scenarios-import")).status_code == 403
    assert sams.post(url(draft, "scenario-new"), {"text": dump_yaml(HOLDS)}).status_code == 403
    draft.refresh_from_db()
    assert draft.revision == 1


def test_a_published_version_keeps_its_scenarios(greeting: Workflow, anas: Browser) -> None:
    version = greeting.published_version
    page = anas.post(url(version, "scenario-new"), {"text": dump_yaml(HOLDS), "seen": ""})
    assert (page.status_code, "never changes" in text_of(page)) == (409, True)
    file = SimpleUploadedFile("s.csv", csv_of_scenarios([HOLDS]).encode())
    assert "never changes" in text_of(anas.post(url(version, "scenarios-import"), {"file": file}))
    version.refresh_from_db()
    assert version.content.get("scenarios", []) == []


def test_scenarios_go_out_and_come_back(draft: WorkflowVersion, anas: Browser) -> None:
    sheet = anas.get(url(draft, "scenarios-export") + "?format=xlsx")
    assert sheet["Content-Disposition"] == 'attachment; filename="greeting-2-scenarios.xlsx"'
    page = load_workbook(io.BytesIO(sheet.content)).active
    assert [cell.value for cell in page["A"]] == ["title", "Polite", "Rude"]
    page["A2"].value = "Kind"
    book = io.BytesIO()
    page.parent.save(book)
    answer = anas.post(
        url(draft, "scenarios-import"), {"file": SimpleUploadedFile("s.xlsx", book.getvalue())}, follow=True
    )
    assert "Imported: 1 new, 0 changed, 1 as they were." in text_of(answer)
    draft.refresh_from_db()
    assert [one["title"] for one in draft.content["scenarios"]] == ["Polite", "Rude", "Kind"]
    assert anas.get(url(draft, "scenarios-export")).content.decode().startswith("\ufefftitle,case.text")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"title;case.text\r\nA;x\r\n", "a column “expect.outcome” is missing"),
        (b"PK\x03\x04nonsense", "no XLSX workbook"),
        (b"title,expect.outcome\r\n<script>,maybe\r\n", "There is no outcome “maybe”"),
    ],
)
def test_a_bad_file_changes_nothing(draft: WorkflowVersion, anas: Browser, content: bytes, told: str) -> None:
    page = anas.post(url(draft, "scenarios-import"), {"file": SimpleUploadedFile("s.csv", content)})
    assert page.status_code == 400
    assert told in text_of(page)
    assert "<script>," not in text_of(page)
    assert "Choose a file first" in text_of(anas.post(url(draft, "scenarios-import")))
    draft.refresh_from_db()
    assert draft.revision == 1


def test_titles_show_as_text(greeting: Workflow, ana: User, anas: Browser) -> None:
    wild = {**FAILS, "title": "<script>alert(1)</script>"}
    content = {**greeting.published_version.content, "scenarios": [wild]}
    draft = versions.new_draft(workflow=greeting, data=content, note="", user=ana)
    for action in ("scenarios", "try"):
        assert "<script>alert" not in text_of(anas.get(url(draft, action)))
