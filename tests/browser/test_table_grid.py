"""An analyst works in the grid of a decision table as in a spreadsheet, in a real browser."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from playwright.sync_api import Locator, Page, expect

from orchestration.models import Workflow, WorkflowVersion
from orchestration.rules.sections import write_table
from orchestration.rules.table_csv import csv_of, table_from_csv
from orchestration.services import version as versions
from orchestration.services.editing import from_wire, to_wire
from tests.browser.test_pages_in_the_browser import FAINT, UNNAMED
from tests.rules.strategies import tables_
from tests.rules.test_table_sheet import even, read, typed

pytestmark = pytest.mark.browser
SignIn = Callable[..., Page]
TABLE = {
    "key": "mood", "title": "How kind is it", "hit_policy": "unique",
    "inputs": [{"fact": "case.rude", "title": "Rude"}, {"fact": "case.text"}],
    "outputs": [{"set": "derived.mood", "type": "string", "values": ["bad", "good"]}],
    "rows": [{"key": "rude", "when": ["true", "-"], "then": ["bad"]},
             {"key": "hello", "when": ["false", '"hi","hello"'], "then": ["good"]}],
}  # fmt: skip


@pytest.fixture
def draft(workflow: Workflow) -> WorkflowVersion:
    content = {**workflow.published_version.content, "tables": [TABLE]}
    return versions.new_draft(workflow=workflow, data=content, note="a draft")


@pytest.fixture
def ana(sign_in: SignIn, draft: WorkflowVersion) -> Page:
    return opened(sign_in("ana", group="Orchestration Analyst"), draft)


def opened(page: Page, draft: WorkflowVersion, path: str = "tables/mood/") -> Page:
    page.goto(f"/admin/orchestration/workflowversion/{draft.pk}/{path}")
    page.wait_for_load_state("networkidle")
    return page


def cell(page: Page, row: int, column: int) -> Locator:
    return page.locator(f"td[data-row='{row}'][data-column='{column}']")


def value(page: Page) -> Any:
    return page.evaluate("document.querySelector('conductor-table').value")


def rows(page: Page) -> list[list[Any]]:
    return [[row["key"], *row["when"], *row["then"]] for row in value(page)["rows"]]


EXCHANGE = """([kind, text]) => {
    const clipboardData = new DataTransfer();
    if (text) clipboardData.setData('text/plain', text);
    const options = {clipboardData, bubbles: true, cancelable: true};
    document.activeElement.dispatchEvent(new ClipboardEvent(kind, options));
    return clipboardData.getData('text/plain');
}"""
PUT = """text => {
    const table = document.querySelector('conductor-table');
    table.value = JSON.parse(text);
    return JSON.stringify(table.value);
}"""


def paste(page: Page, text: str) -> None:
    page.evaluate(EXCHANGE, ["paste", text])


def copied(page: Page) -> str:
    return str(page.evaluate(EXCHANGE, ["copy", ""]))


def test_cells_are_written_moved_and_undone_by_keyboard_alone_and_saved(ana: Page, draft: WorkflowVersion) -> None:
    cell(ana, 1, 2).focus()
    ana.keyboard.press("F2")
    ana.keyboard.press("End")
    ana.keyboard.type(',"hey"')
    ana.keyboard.press("Tab")
    ana.keyboard.type("bad")
    ana.keyboard.press("Enter")
    assert rows(ana)[1] == ["hello", "false", '"hi","hello","hey"', "bad"]
    ana.keyboard.press("Insert")
    ana.keyboard.type("false")
    ana.keyboard.press("Tab")
    ana.keyboard.type('not("hi","hello","hey")')
    ana.keyboard.press("Tab")
    ana.keyboard.type("good")
    ana.keyboard.press("Enter")
    ana.keyboard.press("Alt+ArrowUp")
    assert [row[0] for row in rows(ana)] == ["rude", "row-3", "hello"]
    ana.keyboard.press("Control+z")
    assert [row[0] for row in rows(ana)] == ["rude", "hello", "row-3"]
    ana.keyboard.press("Control+z")
    assert rows(ana)[2][3] is None
    ana.keyboard.press("Control+y")
    cell(ana, 2, 3).focus()
    ana.keyboard.press("ArrowLeft")
    ana.keyboard.press("Shift+ArrowUp")
    ana.keyboard.press("Delete")
    assert [row[2] for row in rows(ana)] == ["-", "-", "-"]
    ana.keyboard.press("Control+z")
    ana.keyboard.press("Control+Enter")
    expect(ana.get_by_text("The table “How kind is it” is saved.")).to_be_visible()
    draft.refresh_from_db()
    assert [row["when"] for row in draft.content["tables"][0]["rows"]] == [
        ["true", "-"], ["false", '"hi","hello","hey"'], ["false", 'not("hi","hello","hey")'],
    ]  # fmt: skip


def test_gaps_overlaps_and_wrong_cells_show_where_they_are(ana: Page) -> None:
    checks = ana.get_by_role("region", name="Checks of the table")
    expect(checks).to_contain_text("No row applies where Rude is false and case.text is any other value")
    cell(ana, 1, 1).click()
    ana.keyboard.type("tru")
    ana.keyboard.press("Enter")
    expect(cell(ana, 1, 1)).to_have_attribute("aria-invalid", "true")
    cell(ana, 1, 1).focus()
    expect(ana.locator("#table-line")).to_contain_text("“tru” in “tru” does not fit: the column needs true or false.")
    ana.keyboard.type("-")
    ana.keyboard.press("Enter")
    expect(cell(ana, 1, 1)).not_to_have_attribute("aria-invalid", "true")
    expect(checks).to_contain_text("Rows “rude” and “hello” both apply where Rude is true and case.text is “hello”")
    expect(ana.locator("th[data-row='0']")).to_have_class("t-number t-doubt")
    expect(ana.locator("th[data-row='1']")).to_have_class("t-number t-doubt")
    checks.get_by_role("button", name="Show").last.click()
    expect(cell(ana, 1, 0)).to_be_focused()


def test_blocks_go_in_and_out_as_spreadsheets_exchange_them(ana: Page) -> None:
    cell(ana, 1, 1).click()
    paste(ana, 'true\t"DE","FR"\tbad\r\nfalse\t"x"\t"two\nlines"\r\n')
    assert rows(ana) == [
        ["rude", "true", "-", "bad"], ["hello", "true", '"DE","FR"', "bad"], ["row-3", "false", '"x"', "two\nlines"],
    ]  # fmt: skip
    assert copied(ana) == 'true\t"DE","FR"\tbad\nfalse\t"x"\t"two\nlines"'
    cell(ana, 0, 1).click()
    cell(ana, 2, 1).click(modifiers=["Shift"])
    paste(ana, "-")
    assert [row[1] for row in rows(ana)] == ["-", "-", "-"]
    cell(ana, 0, 3).click()
    paste(ana, "bad\tlost")
    expect(ana.locator("#table-line")).to_contain_text("1 column of what you pasted had no place here")


def test_columns_are_added_changed_moved_and_deleted(ana: Page) -> None:
    ana.get_by_role("button", name="Add condition").click()
    dialog = ana.get_by_role("dialog")
    dialog.get_by_label("Fact", exact=True).fill("case.until")
    dialog.get_by_role("button", name="Apply").click()
    expect(ana.locator("thead th")).to_have_text(
        ["Number", "Row", "Rudecase.rude", "Textcase.text", "Untilcase.until", "Moodsets derived.mood"],
        use_inner_text=False,
    )
    ana.get_by_role("button", name="Condition column 3").click()
    dialog.get_by_role("button", name="Move left").click()
    assert [one["fact"] for one in value(ana)["inputs"]] == ["case.rude", "case.until", "case.text"]
    assert [row["when"] for row in value(ana)["rows"]] == [["true", "-", "-"], ["false", "-", '"hi","hello"']]
    ana.get_by_role("button", name="Add result").click()
    dialog.get_by_label("What it gives").select_option("escalation")
    dialog.get_by_role("button", name="Apply").click()
    assert value(ana)["outputs"][1] == {"escalate": "reason", "queue": "people"}
    ana.get_by_role("button", name="Result column 1").click()
    dialog.get_by_label("Derived fact").fill("mood")
    dialog.get_by_role("button", name="Apply").click()
    expect(dialog.get_by_role("alert")).to_have_text(
        "The derived fact is “derived.” and one name, such as derived.risk."
    )
    dialog.get_by_role("button", name="Delete column").click()
    assert value(ana)["outputs"] == [{"escalate": "reason", "queue": "people"}]
    ana.get_by_label("“Otherwise” row").check()
    cell(ana, 2, 4).click()
    ana.keyboard.type("Nobody knows")
    ana.keyboard.press("Enter")
    assert value(ana)["otherwise"] == ["Nobody knows"]
    for _ in range(6):
        ana.get_by_role("button", name="Undo").click()
    assert value(ana) == TABLE
    expect(ana.get_by_role("button", name="Undo")).to_be_disabled()


def test_a_title_still_being_typed_is_saved_with_the_table(ana: Page, draft: WorkflowVersion) -> None:
    ana.get_by_label("Title").fill("Kindness")
    ana.keyboard.press("Control+Enter")
    expect(ana.get_by_text("The table “Kindness” is saved.")).to_be_visible()
    draft.refresh_from_db()
    assert draft.content["tables"][0]["title"] == "Kindness"


def test_the_hit_policy_is_told_in_words(ana: Page) -> None:
    ana.get_by_label("Hit policy").select_option("collect")
    expect(ana.locator(".t-policy")).to_have_text("Every row that applies counts")
    assert value(ana)["hit_policy"] == "collect"


def test_a_table_in_the_grid_is_the_table_that_was_given(ana: Page) -> None:
    """Builder → JSON → builder, and grid → file → grid, for tables of any kind."""

    @settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck), database=None)
    @given(tables_.map(even))
    def unchanged(table: dict[str, Any]) -> None:
        found = read(table)
        given_ = json.dumps(to_wire(write_table(found)))
        again = read(from_wire(json.loads(ana.evaluate(PUT, given_))))
        assert typed(again) == typed(found)
        assert typed(table_from_csv(csv_of(again).encode())) == typed(found)

    unchanged()


def test_text_in_a_cell_reads_back_as_the_same_value(ana: Page) -> None:
    script = """async () => {
        const model = await import('/static/orchestration/table-grid-model.js');
        const texts = ['a', '', '5', '1.0', 'true', '"x"', 'json:1', ' a '];
        const values = [...texts, 5, -1.5, {number: '1.0'}, true, false, null];
        const blocks = [
            [['a', 'b'], ['"DE","FR"', '""']], [['"DE"', 'two\\nlines', 'tab\\there']], [['"a""b"']], [['']],
        ];
        const bad = [];
        for (const type of ['string', 'number', 'integer', 'boolean', 'date']) for (const one of values) {
            const again = model.valueOf(model.textOf(one, type), type);
            if (JSON.stringify(again) !== JSON.stringify(one)) bad.push([type, one, again]);
        }
        for (const block of blocks)
            if (JSON.stringify(model.fromBlock(model.toBlock(block))) !== JSON.stringify(block)) bad.push(block);
        return bad;
    }"""
    assert ana.evaluate(script) == []


def test_a_table_of_two_thousand_rows_is_worked_with(sign_in: SignIn, draft: WorkflowVersion) -> None:
    many = [{"key": f"r{n}", "when": ["-", f'"{n}"'], "then": ["good"]} for n in range(2_000)]
    page = opened(sign_in("ana", group="Orchestration Analyst"), draft)
    page.evaluate(PUT, json.dumps({**TABLE, "hit_policy": "first", "rows": many}))
    cell(page, 1_999, 2).click()
    page.keyboard.type('"last"')
    page.keyboard.press("Enter")
    assert rows(page)[1_999][2] == '"last"'
    expect(page.get_by_role("region", name="Checks of the table")).to_contain_text("No row applies where")


def test_what_is_not_saved_is_not_lost_by_leaving_unasked(ana: Page) -> None:
    asked: list[str] = []
    ana.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    cell(ana, 0, 1).click()
    ana.keyboard.type("-")
    ana.keyboard.press("Enter")
    ana.get_by_role("link", name="Back without saving").click()
    ana.wait_for_url("**/change/**")
    assert asked == ["beforeunload"]


def test_without_javascript_the_table_is_yaml_and_is_saved(
    live_server: Any, chromium: Any, sign_in: SignIn, draft: WorkflowVersion
) -> None:
    state = sign_in("ana", group="Orchestration Analyst").context.storage_state()
    context = chromium.new_context(base_url=live_server.url, storage_state=state, java_script_enabled=False)
    page = opened(context.new_page(), draft)
    source = page.get_by_label("The table as YAML")
    source.fill(source.input_value().replace("How kind is it", "Tone of the text"))
    page.get_by_role("button", name="Save table").press("Enter")  # Unfold's own overlay lies over the page
    expect(page.get_by_text("The table “Tone of the text” is saved.")).to_be_visible()
    context.close()


@pytest.mark.parametrize(("width", "dark"), [(1400, False), (390, True)])
def test_the_pages_of_tables_and_parameters_fit_are_readable_and_name_their_fields(
    width: int, dark: bool, sign_in: SignIn, draft: WorkflowVersion
) -> None:
    page = sign_in("ana", group="Orchestration Analyst", width=width, dark=dark)
    for path in ("tables/mood/", "tables/new/", "parameters/"):
        opened(page, draft, path)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
        assert page.evaluate(UNNAMED) == [], path
        assert page.evaluate(FAINT) == [], path


def test_a_threshold_is_changed_in_a_minute(sign_in: SignIn, draft: WorkflowVersion) -> None:
    page = opened(sign_in("ana", group="Orchestration Analyst"), draft, "parameters/")
    page.get_by_label("Value of Sure enough").fill("0.85")
    page.get_by_role("button", name="Save Sure enough").click()
    expect(page.get_by_text("Saved: “Sure enough”.")).to_be_visible()
    expect(page.get_by_text("0.85 since this version, 0.8 before.")).to_be_visible()
