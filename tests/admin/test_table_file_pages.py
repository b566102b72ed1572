"""Decision tables go out of the admin as files and come back from them; a bad file changes nothing."""

from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client as Browser

from orchestration.models import Workflow, WorkflowVersion
from orchestration.services import version as versions
from tests.admin.conftest import text_of
from tests.admin.test_table_pages import TABLE, form, stored, url

pytestmark = pytest.mark.django_db
DMN = Path(__file__).parents[1] / "rules" / "dmn" / "camunda-risk.dmn"


@pytest.fixture
def draft(greeting: Workflow, ana: User) -> WorkflowVersion:
    content = greeting.published_version.content
    return versions.new_draft(workflow=greeting, data={**content, "tables": [TABLE]}, note="a draft", user=ana)


def file(name: str, content: bytes) -> dict[str, Any]:
    return {"file": SimpleUploadedFile(name, content), "action": "import"}


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_an_export_filled_in_again_changes_nothing(kind: str, draft: WorkflowVersion, anas: Browser) -> None:
    export = anas.get(url(draft, "-export", "mood", kind))
    assert export.headers["Content-Disposition"] == f'attachment; filename="greeting-2-mood.{kind}"'
    page = anas.post(url(draft, "", "mood"), form(draft, TABLE, **file(f"mood.{kind}", export.content)))
    assert page.context["document"] == {"key": "mood", "table": TABLE, "problems": [], "unsaved": True}
    assert page.context["imported"]["remarks"] == []
    assert stored(draft) == [TABLE]


def test_a_file_of_another_table_keeps_the_key_and_says_so(draft: WorkflowVersion, anas: Browser) -> None:
    export = anas.get(url(draft, "-export", "mood", "csv")).content.replace(
        b"Decision table,mood", b"Decision table,other"
    )
    page = anas.post(url(draft, "", "mood"), form(draft, TABLE, **file("x.csv", export)))
    assert page.context["document"]["table"]["key"] == "mood"
    assert page.context["imported"]["remarks"] == [
        ("Key", "The file's table has the key “other”; this one keeps its own, “mood”.")
    ]


def test_of_a_dmn_file_with_two_tables_either_can_be_taken(draft: WorkflowVersion, anas: Browser) -> None:
    first = anas.post(url(draft, "-new"), {**form(draft, TABLE), **file("risk.dmn", DMN.read_bytes())})
    assert first.context["imported"]["choices"] == ["How risky is the applicant?", "Region"]
    assert "is no table but a literal expression" in text_of(first)
    chosen = {"choices": first.context["imported"]["json"], "file_name": "risk.dmn", "action": "take-1"}
    second = anas.post(url(draft, "-new"), {**form(draft, TABLE), **chosen})
    assert second.context["document"]["table"]["title"] == "Region"
    assert second.context["imported"]["taken"] == 1
    bad = anas.post(url(draft, "-new"), {**form(draft, TABLE), **chosen, "choices": "[{}]"})
    assert (bad.status_code, bad.context["remarks"]) == (400, [("", "Choose the file again.")])


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("x.xlsx", b"no", "This is no XLSX workbook"),
        ("x.csv", b"a,b\n", "Row 1, column A"),
        ("x.dmn", b"<x/>", "not DMN"),
        ("x.pdf", b"%PDF", "choose .xlsx, .csv or .dmn"),
        ("x.csv", b"", "The file is empty."),
        ("x.csv", b"x" * (5 * 2**20 + 1), "larger than 5 MiB"),
    ],
)
def test_a_bad_file_is_refused_and_the_grid_keeps_what_it_had(
    name: str, content: bytes, told: str, draft: WorkflowVersion, anas: Browser
) -> None:
    mine = {**TABLE, "title": "In the making"}
    refused = anas.post(url(draft, "", "mood"), form(draft, mine, **file(name, content)))
    assert (refused.status_code, refused.context["what"]) == (400, "imported")
    assert told in refused.context["remarks"][0][1]
    assert refused.context["document"]["table"] == mine


def test_import_without_a_file_says_so(draft: WorkflowVersion, anas: Browser) -> None:
    refused = anas.post(url(draft, "", "mood"), form(draft, TABLE, action="import"))
    assert refused.context["remarks"] == [("", "Choose a file first: .xlsx, .csv or .dmn.")]
