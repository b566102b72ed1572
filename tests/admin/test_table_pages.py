"""Decision tables of a draft in the admin: written, checked, saved, filled from files and taken along."""

import json
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client as Browser
from django.urls import reverse

from orchestration.models import Workflow, WorkflowVersion
from orchestration.services import version as versions
from orchestration.services.draft import change_part, part_of
from tests.admin.conftest import browser_of, person, text_of

pytestmark = pytest.mark.django_db
TABLE = {
    "key": "mood", "title": "How kind is it", "hit_policy": "first",
    "inputs": [{"fact": "case.rude", "title": "Rude"}, {"fact": "case.text"}],
    "outputs": [{"set": "derived.mood", "type": "string", "values": ["bad", "good"]}],
    "rows": [{"key": "rude", "when": ["true", "-"], "then": ["bad"]},
             {"key": "hello", "when": ["-", '"hi","hello"'], "then": ["good"]}],
    "otherwise": ["good"],
}  # fmt: skip


@pytest.fixture
def draft(greeting: Workflow, ana: User) -> WorkflowVersion:
    content = greeting.published_version.content
    return versions.new_draft(workflow=greeting, data={**content, "tables": [TABLE]}, note="a draft", user=ana)


def url(version: WorkflowVersion, verb: str = "", *more: Any) -> str:
    return reverse(f"admin:orchestration_workflowversion_table{verb}", args=[version.pk, *more])


def stored(version: WorkflowVersion) -> list[dict[str, Any]]:
    version.refresh_from_db()
    return version.content.get("tables", [])


def form(version: WorkflowVersion, table: Any, **more: Any) -> dict[str, Any]:
    return {"seen": part_of(version, "tables", "mood").seen, "table": json.dumps(table), "action": "save", **more}


def test_the_page_holds_the_table_its_words_and_its_source(draft: WorkflowVersion, anas: Browser) -> None:
    page = anas.get(url(draft, "", "mood"))
    assert page.context["document"] == {"key": "mood", "table": TABLE, "problems": [], "unsaved": False}
    assert {fact["path"]: fact["type"] for fact in page.context["words"]["facts"]}["case.rude"] == "boolean"
    assert page.context["words"]["outcomes"] == ["yes", "no"]
    assert page.context["words"]["queues"] == [{"name": "people", "title": "People"}]
    assert "hit_policy: first" in page.context["source"]


def test_a_table_is_saved_from_the_grid(draft: WorkflowVersion, anas: Browser) -> None:
    changed = {**TABLE, "title": "Kindness", "rows": TABLE["rows"][:1]}
    saved = anas.post(url(draft, "", "mood"), form(draft, changed), follow=True)
    assert "The table “Kindness” is saved." in text_of(saved)
    assert stored(draft) == [changed]


def test_a_table_is_saved_from_yaml_without_javascript(draft: WorkflowVersion, anas: Browser) -> None:
    source = anas.get(url(draft, "", "mood")).context["source"].replace("How kind is it", "Tone")
    anas.post(url(draft, "", "mood"), {**form(draft, None, source=source), "table": ""})
    assert stored(draft) == [{**TABLE, "title": "Tone"}]


def test_a_fraction_that_is_whole_stays_a_fraction(draft: WorkflowVersion, anas: Browser) -> None:
    outputs = [{"set": "derived.score", "type": "number", "values": [1.0, 2]}]
    rows = [{"key": "r", "when": ["-", "-"], "then": [1.0]}]
    table = {**TABLE, "outputs": outputs, "rows": rows, "otherwise": [2]}
    change_part(
        version_id=draft.pk,
        section="tables",
        key="mood",
        value=table,
        seen=part_of(draft, "tables", "mood").seen,
        user=draft.author,
    )
    draft.refresh_from_db()
    shown = anas.get(url(draft, "", "mood")).context["document"]["table"]
    assert shown["rows"][0]["then"] == [{"number": "1.0"}]
    anas.post(url(draft, "", "mood"), form(draft, shown))
    assert json.dumps(stored(draft)[0]["rows"]) == json.dumps(rows)


def test_a_new_table_is_added_and_a_copy_has_a_key_of_its_own(draft: WorkflowVersion, anas: Browser) -> None:
    new = anas.get(url(draft, "-new")).context["document"]
    assert (new["key"], new["table"]["key"], new["table"]["inputs"]) == ("", "table", [{"fact": "case.text"}])
    copy = anas.get(url(draft, "-new"), {"from": "mood"}).context["document"]["table"]
    assert (copy["key"], copy["title"]) == ("mood-2", "How kind is it (copy)")
    copy["outputs"] = [{"set": "derived.tone", "type": "string"}]
    anas.post(url(draft, "-new"), {**form(draft, copy), "seen": ""})
    assert [table["key"] for table in stored(draft)] == ["mood", "mood-2"]


@pytest.mark.parametrize(
    ("changed", "place", "told"),
    [
        # a cell that is no test of its column
        (
            {"rows": [{"key": "x", "when": ["maybe", "-"], "then": ["bad"]}]},
            "row 1 (x), condition 1",
            "“maybe” does not fit",
        ),
        # a key that a rule has
        ({"key": "rude"}, "key", "is"),
        # no title
        ({"title": " "}, "title", "must not be empty"),
        # a row that is no row
        ({"rows": ["x"]}, "row 1", "must be a mapping"),
    ],
)
def test_an_error_is_told_with_its_place_and_what_was_written_stays(
    changed: Any, place: str, told: str, draft: WorkflowVersion, anas: Browser
) -> None:
    refused = anas.post(url(draft, "", "mood"), form(draft, {**TABLE, **changed}))
    assert refused.status_code == 400
    assert refused.context["remarks"][0][0] == place
    assert told in refused.context["remarks"][0][1]
    assert refused.context["document"]["table"] == {**TABLE, **changed}
    assert stored(draft) == [TABLE]


@pytest.mark.parametrize("table", ["{", "[1]", "null", '"x"', "NaN", "[" * 100_000])
def test_what_is_no_table_is_refused_without_harm(table: str, draft: WorkflowVersion, anas: Browser) -> None:
    refused = anas.post(url(draft, "", "mood"), {**form(draft, None), "table": table})
    assert refused.status_code == 400
    assert stored(draft) == [TABLE]


def test_broken_yaml_is_shown_again_with_its_line(draft: WorkflowVersion, anas: Browser) -> None:
    refused = anas.post(url(draft, "", "mood"), {**form(draft, None, source="key: [a\nb: c"), "table": ""})
    assert "Line 2" in refused.context["remarks"][0][1]
    assert refused.context["source"] == "key: [a\nb: c"


def test_of_two_who_edit_a_table_the_second_sees_both_and_may_save_over(
    draft: WorkflowVersion, anas: Browser, arnes: Browser
) -> None:
    given = form(draft, {**TABLE, "title": "Mine"})
    arnes.post(url(draft, "", "mood"), form(draft, {**TABLE, "title": "Arne's"}))
    second = anas.post(url(draft, "", "mood"), given)
    assert second.status_code == 409
    assert "Arne's" in second.context["stored"]
    assert second.context["document"]["table"]["title"] == "Mine"
    assert stored(draft)[0]["title"] == "Arne's"
    anas.post(url(draft, "", "mood"), {**given, "over": second.context["over"]})
    assert stored(draft)[0]["title"] == "Mine"


def test_a_table_that_somebody_deleted_can_be_added_again(
    draft: WorkflowVersion, anas: Browser, arnes: Browser
) -> None:
    given = form(draft, TABLE)
    arnes.post(url(draft, "", "mood"), {**given, "action": "delete"})
    assert stored(draft) == []
    second = anas.post(url(draft, "", "mood"), form(draft, TABLE, seen=given["seen"]))
    assert (second.status_code, second.context["over"]) == (409, "")
    anas.post(url(draft, "", "mood"), {**given, "action": "again"})
    assert stored(draft) == [TABLE]


def test_a_draft_that_is_gone_or_no_draft_any_more_keeps_what_was_written(
    draft: WorkflowVersion, anas: Browser, greeting: Workflow
) -> None:
    given = form(draft, {**TABLE, "title": "My long work"})
    published = greeting.published_version
    refused = anas.post(url(published, "", "mood"), given)
    assert (refused.status_code, "never changes" in text_of(refused)) == (409, True)
    assert "My long work" in text_of(refused)
    draft.delete()
    gone = anas.post(url(draft, "", "mood") if draft.pk else reverse(
        "admin:orchestration_workflowversion_table", args=[999_999, "mood"]), given)  # fmt: skip
    assert (gone.status_code, "My long work" in text_of(gone)) == (410, True)


def check(browser: Browser, version: WorkflowVersion, table: Any, key: str = "mood") -> Any:
    body = json.dumps({"key": key, "table": table})
    return browser.post(url(version, "-check"), body, content_type="application/json")


def test_the_check_names_cell_rows_and_example_and_stores_nothing(draft: WorkflowVersion, anas: Browser) -> None:
    rows = [
        {"key": "a", "when": ["true", "-"], "then": ["bad"]},
        {"key": "b", "when": ["true", '"x"'], "then": ["good"]},
    ]
    table = {**TABLE, "hit_policy": "unique", "rows": rows}
    del table["otherwise"]
    problems = check(anas, draft, table).json()["problems"]
    assert [(one["severity"], one["pointer"], one["rows"]) for one in problems] == [
        ("warning", "/rows", []),
        ("warning", "/rows/1", [0]),
    ]
    assert "case.rude is false" in problems[0]["detail"] or "Rude is false" in problems[0]["detail"]
    wrong = {**TABLE, "rows": [{"key": "a", "when": ["tru", "-"], "then": ["sad"]}]}
    assert [(one["severity"], one["pointer"]) for one in check(anas, draft, wrong).json()["problems"]] == [
        ("error", "/rows/0/when/0"),
        ("error", "/rows/0/then/0"),
    ]
    assert check(anas, draft, TABLE, key="").json()["problems"][0]["pointer"] == "/key"
    assert stored(draft) == [TABLE]


@pytest.mark.parametrize("body", ["", "{", "[]", "{}", '{"table": NaN}', "[" * 50_000])
def test_a_check_of_nonsense_is_answered_with_a_problem(body: str, draft: WorkflowVersion, anas: Browser) -> None:
    answer = anas.post(url(draft, "-check"), body, content_type="application/json")
    assert (answer.status_code, len(answer.json()["problems"])) == (400, 1)


def test_markup_in_a_table_shows_as_text(draft: WorkflowVersion, anas: Browser) -> None:
    table = {**TABLE, "title": "</script><script>alert(1)</script>"}
    anas.post(url(draft, "", "mood"), form(draft, table))
    page = text_of(anas.get(url(draft, "", "mood")))
    assert "<script>alert" not in page
    assert "\\u003Cscript\\u003Ealert" in page


@pytest.mark.parametrize("role", ["specialist", "nobody"])
def test_who_may_not_change_versions_is_refused_on_every_route(
    role: str, draft: WorkflowVersion, greeting: Workflow
) -> None:
    browser = browser_of(person(role))
    assert browser.get(url(draft, "", "mood")).status_code == 403
    assert browser.get(url(draft, "-new")).status_code == 403
    assert browser.post(url(draft, "", "mood"), form(draft, {**TABLE, "title": "x"})).status_code == 403
    assert browser.post(url(draft, "", "mood"), form(draft, TABLE, action="delete")).status_code == 403
    assert check(browser, draft, TABLE).status_code == 403
    assert stored(draft) == [TABLE]


def test_what_is_published_has_no_editor_but_can_be_exported(draft: WorkflowVersion, anas: Browser) -> None:
    WorkflowVersion.objects.filter(pk=draft.pk).update(status="submitted")
    assert "never changes" in text_of(anas.get(url(draft, "", "mood"), follow=True))
    assert anas.get(url(draft, "-export", "mood", "csv")).status_code == 200
    assert anas.get(url(draft, "-export", "nothing", "csv")).status_code == 404
    assert anas.get(url(draft, "-export", "mood", "pdf")).status_code == 404
    anas.post(url(draft, "", "mood"), form(draft, {**TABLE, "title": "x"}))
    assert stored(draft) == [TABLE]
