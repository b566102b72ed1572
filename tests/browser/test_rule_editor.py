"""An analyst writes rules in a real browser: with keyboard and mouse, and nothing changes that nobody changed."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from playwright.sync_api import Locator, Page, expect

from orchestration.facts import canonical
from orchestration.models import Workflow, WorkflowVersion
from orchestration.services.draft import part_of
from orchestration.services.editing import from_wire, to_wire
from orchestration.services.version import new_draft
from tests.rules.strategies import actions, conditions
from tests.small_workflow import rules

pytestmark = pytest.mark.browser
SignIn = Callable[..., Page]
RUDE = rules()[0]
PEOPLE = {
    "type": "array", "title": "People",
    "items": {"type": "object", "properties": {"age": {"type": "integer", "title": "Age", "minimum": 0}}},
}  # fmt: skip
quick = settings(
    max_examples=15, deadline=None, derandomize=True, database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip


@pytest.fixture
def draft(workflow: Workflow) -> WorkflowVersion:
    content = workflow.published_version.content
    schema = content["input_schema"]
    fields = {f"field_{n}": {"type": "string", "title": f"Field {n}"} for n in range(200)}
    properties = {**schema["properties"], "people": PEOPLE, "born": {"type": "string", "format": "date"}, **fields}
    return new_draft(workflow=workflow, data={**content, "input_schema": {**schema, "properties": properties}})


@pytest.fixture
def ana(sign_in: SignIn) -> Page:
    return sign_in("ana", group="Orchestration Analyst")


def open_rule(page: Page, draft: WorkflowVersion, key: str = "new") -> tuple[Locator, Locator]:
    page.goto(f"/admin/orchestration/workflowversion/{draft.pk}/rules/{key}/")
    expect(page.get_by_role("button", name="Source (YAML)")).to_be_visible()
    return page.locator("conductor-condition"), page.locator("conductor-actions")


def value(editor: Locator) -> Any:
    return from_wire(editor.evaluate("element => element.value"))


def stored(draft: WorkflowVersion, key: str) -> Any:
    draft.refresh_from_db()
    return part_of(draft, "rules", key).value


def pick(editor: Locator, words: str, place: int = -1) -> None:
    field = editor.get_by_role("combobox", name="Fact").nth(place)
    field.fill(words)
    field.press("Enter")


def test_what_goes_into_the_editors_comes_out_the_same(ana: Page, draft: WorkflowVersion) -> None:
    condition, action = open_rule(ana, draft)
    through = "(element, all) => all.map((one) => { element.value = one; return element.value; })"

    @quick
    @given(st.lists(conditions, min_size=8, max_size=20), st.lists(st.lists(actions, max_size=4), min_size=4))
    def unchanged(some: list[Any], others: list[Any]) -> None:
        assert canonical(from_wire(condition.evaluate(through, to_wire(some)))) == canonical(some)
        assert canonical(from_wire(action.evaluate(through, to_wire(others)))) == canonical(others)

    unchanged()


def test_undoing_everything_gives_back_what_was_there(ana: Page, draft: WorkflowVersion) -> None:
    condition, _ = open_rule(ana, draft)
    shake = """async (element, [first, choices]) => {
      element.value = first;
      for (const choice of choices) {
        const buttons = [...element.querySelectorAll(".e-tools button, .e-add button")];
        buttons[choice % buttons.length].click();
      }
      const changed = JSON.stringify(element.value);
      while (element.past.length) element.undo();
      const back = element.value;
      while (element.future.length) element.redo();
      return [back, changed === JSON.stringify(element.value)];
    }"""

    @quick
    @given(conditions, st.lists(st.integers(0, 1000), min_size=1, max_size=12))
    def undone(first: Any, choices: list[int]) -> None:
        back, same = condition.evaluate(shake, [to_wire(first), choices])
        assert canonical(from_wire(back)) == canonical(first)
        assert same

    undone()


def test_a_nested_rule_is_written_by_keyboard_alone(ana: Page, draft: WorkflowVersion) -> None:
    condition, action = open_rule(ana, draft)
    keys = ana.keyboard
    keys.type("Old and rude")
    expect(ana.get_by_label("Key", exact=True)).to_have_value("old-and-rude")
    condition.get_by_role("button", name="+ Condition").focus()
    keys.press("Enter")
    keys.type("rude")
    keys.press("Enter")  # the fact; then the comparison has the focus
    expect(condition.get_by_label("Comparison")).to_be_focused()
    condition.get_by_role("button", name="+ Group").focus()
    keys.press("Enter")
    expect(condition.get_by_label("How the conditions are joined").last).to_be_focused()
    for _ in range(6):
        keys.press("Tab")
    pick(condition, "born")
    condition.get_by_label("Comparison").last.select_option("older_than")
    condition.get_by_label("Value", exact=True).last.focus()
    keys.type("18")
    condition.get_by_label("Value: unit").select_option("years")
    action.get_by_role("button", name="+ Decide the case").focus()
    keys.press("Enter")
    expect(action.get_by_label("Outcome")).to_be_focused()
    keys.type("n")
    expect(action.get_by_label("Outcome")).to_have_value("no")
    expect(ana.locator("[data-sentence]")).to_have_text(
        "When all of: rude is true; born is at least 18 years ago; decide no."
    )
    keys.press("Control+Enter")
    expect(ana.get_by_text("The rule “Old and rude” is saved.")).to_be_visible()
    assert stored(draft, "old-and-rude") == {
        "key": "old-and-rude",
        "title": "Old and rude",
        "when": {
            "all": [
                {"fact": "case.rude", "op": "eq", "value": True},
                {"any": [{"fact": "case.born", "op": "older_than", "value": "18y"}]},
            ]
        },
        "then": [{"decide": {"outcome": "no"}}],
    }


def test_conditions_are_moved_wrapped_copied_deleted_and_brought_back(ana: Page, draft: WorkflowVersion) -> None:
    condition, _ = open_rule(ana, draft, "rude")
    rude, trusted = RUDE["when"]["all"]
    condition.get_by_role("button", name="Move down (Alt+↓)").first.click()
    assert value(condition) == {"all": [trusted, rude]}
    ana.keyboard.press("Alt+ArrowUp")
    assert value(condition) == {"all": [rude, trusted]}
    condition.get_by_role("button", name="Duplicate").nth(1).click()
    assert value(condition) == {"all": [rude, rude, trusted]}
    condition.get_by_role("button", name="Wrap in a group").nth(1).click()
    assert value(condition) == {"all": [{"any": [rude]}, rude, trusted]}
    condition.get_by_role("button", name="Delete").last.click()
    assert value(condition) == {"all": [{"any": [rude]}, rude]}
    for _ in range(5):
        ana.keyboard.press("Control+z")
    assert value(condition) == RUDE["when"]
    for _ in range(4):
        ana.keyboard.press("Control+Shift+z")
    assert value(condition) == {"all": [{"any": [rude]}, rude, trusted]}


def test_moving_goes_into_groups_and_out_of_them(ana: Page, draft: WorkflowVersion) -> None:
    condition, _ = open_rule(ana, draft)
    first, second, third = ({"fact": f"case.field_{n}", "op": "is_set"} for n in range(3))
    condition.evaluate("(element, value) => { element.value = value; }", {"all": [first, {"any": [second]}, third]})
    condition.get_by_role("combobox", name="Fact").first.focus()
    ana.keyboard.press("Alt+ArrowDown")
    assert value(condition) == {"all": [{"any": [first, second]}, third]}
    ana.keyboard.press("Alt+ArrowUp")
    assert value(condition) == {"all": [first, {"any": [second]}, third]}
    condition.get_by_role("combobox", name="Fact").nth(1).focus()
    ana.keyboard.press("Alt+ArrowDown")
    assert value(condition) == {"all": [first, second, third]}


def test_only_the_operators_of_the_facts_type_are_offered(ana: Page, draft: WorkflowVersion) -> None:
    condition, _ = open_rule(ana, draft)
    condition.get_by_role("button", name="+ Condition").click()
    pick(condition, "rude")
    assert condition.get_by_label("Comparison").locator("option").all_inner_texts() == [
        "is", "is not", "is given", "is not given",
    ]  # fmt: skip
    assert value(condition) == {"fact": "case.rude", "op": "eq", "value": True}
    pick(condition, "born")
    condition.get_by_label("Comparison").select_option("between")
    condition.get_by_label("From", exact=True).fill("2020-01-01")
    condition.get_by_label("Up to", exact=True).fill("2020-12-31")
    assert value(condition) == {"fact": "case.born", "op": "between", "value": ["2020-01-01", "2020-12-31"]}


def test_a_value_may_be_a_parameter_another_fact_or_a_list(ana: Page, draft: WorkflowVersion) -> None:
    condition, _ = open_rule(ana, draft)
    condition.get_by_role("button", name="+ Condition").click()
    pick(condition, "confidence hear")
    condition.get_by_label("Comparison").select_option("gte")
    condition.get_by_label("Value: what kind").select_option("parameter")
    assert value(condition)["value"] == {"parameter": "sure"}
    condition.get_by_label("Value: what kind").select_option("fact")
    other = condition.get_by_role("combobox", name="Value: fact")
    other.fill("confidence")
    other.press("Enter")
    condition.get_by_label("Value: times").fill("1.50")
    condition.get_by_label("Value: plus").fill("2")
    assert value(condition)["value"] == {"fact": "agents.hear.confidence", "times": 1.5, "plus": 2}
    condition.get_by_label("Value: what kind").select_option("value")
    condition.get_by_label("Comparison").select_option("in")
    condition.get_by_label("Values: add").fill("1, 2.0")
    ana.keyboard.press("Enter")
    assert repr(value(condition)["value"]) == "[1, 2.0]"
    condition.get_by_role("button", name="Remove 1").click()
    assert repr(value(condition)["value"]) == "[2.0]"


def test_elements_of_a_list_have_conditions_of_their_own(ana: Page, draft: WorkflowVersion) -> None:
    condition, _ = open_rule(ana, draft)
    condition.get_by_role("button", name="+ Condition").click()
    pick(condition, "people")
    condition.get_by_label("Comparison").select_option("every")
    pick(condition, "age")
    condition.get_by_label("Comparison").select_option("gte")
    condition.get_by_label("Value", exact=True).fill("18")
    age = {"fact": "item.age", "op": "gte", "value": 18}
    assert value(condition) == {"every": "case.people", "where": {"all": [age]}}
    condition.get_by_label("Which elements").select_option("size_gt")
    assert value(condition) == {"fact": "case.people", "op": "size_gt", "value": ""}


def test_every_action_can_be_written(ana: Page, draft: WorkflowVersion) -> None:
    _, action = open_rule(ana, draft)
    for kind in (
        "Run agents", "Set a derived fact", "Change the priority", "Wait", "Tell the client", "Open another case",
        "Escalate to a person",
    ):  # fmt: skip
        action.get_by_role("button", name=f"+ {kind}").click()
    action.get_by_label("Name of the derived fact").fill("mood")
    action.get_by_label("What kind of value").select_option("number")
    action.get_by_label("Value", exact=True).fill("3")
    action.get_by_role("button", name="+ Another fact").click()
    action.get_by_label("Name of the derived fact").last.fill("sum")
    action.get_by_label("What kind of value").last.select_option("calculation")
    action.get_by_label("First number: what kind").select_option("value")
    action.get_by_label("First number", exact=True).fill("1")
    action.get_by_label("Calculation").select_option("multiply")
    action.get_by_label("How long").select_option("until")
    until = action.get_by_role("combobox", name="Until: fact")
    until.fill("born")
    until.press("Enter")
    action.get_by_label("Name of the notice").fill("slow")
    action.get_by_label("Workflow").select_option("greeting")
    action.get_by_label("Known to rules as").fill("child")
    action.get_by_role("button", name="+ Field").click()
    action.get_by_label("Field of the new case").fill("text")
    taken = action.get_by_role("combobox", name="Fact it takes")
    taken.fill("case.text")
    taken.press("Enter")
    action.get_by_label("Reason, as people read it").fill("Too <b>loud</b>")
    action.get_by_label("Priority").last.select_option("urgent")
    assert value(action) == [
        {"run": ["hear"]},
        {"set": {"derived.mood": 3, "derived.sum": {"multiply": [1, 0]}}},
        {"prioritise": "high"},
        {"wait": {"until": "case.born"}},
        {"notify": {"name": "slow"}},
        {"open_case": {"workflow": "greeting", "as": "child", "payload": {"text": "case.text"}, "wait": True}},
        {"escalate": {"queue": "people", "reason": "Too <b>loud</b>", "priority": "urgent"}},
    ]
    ana.get_by_label("Title").fill("All of it")
    ana.get_by_role("button", name="Save rule").click()
    expect(ana.get_by_text("The rule “All of it” is saved.")).to_be_visible()
    assert len(stored(draft, "all-of-it")["then"]) == 7
