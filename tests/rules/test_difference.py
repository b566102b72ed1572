"""What changes between two versions: nothing where nothing does, everything under its own key, in plain sentences."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from orchestration.rules.difference import Change, changed_parts, difference
from orchestration.rules.parse import RuleError, version_from, version_to
from tests.rules import strategies
from tests.rules.contents import ADDRESS_STEP, INPUT_SCHEMA, content, decide, rule, table, version, when

ADULT = when(fact="case.age", op="gte", value=18)
MEMBER = when(fact="case.member", op="eq", value=True)
US = when(fact="case.country", op="eq", value="US")


def told(before: dict[str, Any], after: dict[str, Any]) -> list[Change]:
    return list(difference(content(**before), content(**after)))


def of_rule(old: dict[str, Any], new: dict[str, Any]) -> tuple[str, ...]:
    (change,) = told({"rules": [old]}, {"rules": [new]})
    assert (change.section, change.key, change.kind) == ("rules", "tried", "changed")
    return change.sentences


def of_table(**changed: Any) -> tuple[str, ...]:
    (change,) = told({"tables": [table()]}, {"tables": [table(**changed)]})
    assert (change.section, change.key, change.kind) == ("tables", "risk", "changed")
    return change.sentences


@pytest.mark.parametrize(
    ("old", "new", "sentences"),
    [
        # another value: the condition as it was and as it is
        (ADULT, {**ADULT, "value": 21}, ["Condition changed: age is at least 18 → age is at least 21"]),
        # a group gains one and loses one about something else
        ({"all": [ADULT, MEMBER]}, {"all": [ADULT, US]},
         ["Condition dropped: member is true", "New condition: country is “US”"]),
        # a group keeps one and changes the other, whatever the order
        ({"all": [ADULT, US]}, {"all": [{**US, "value": "DE"}, ADULT]},
         ["Condition changed: country is “US” → country is “DE”"]),
        # one condition becomes a group around it
        (ADULT, {"all": [ADULT, MEMBER]}, ["New condition: member is true"]),
        # all become any
        ({"all": [ADULT, US]}, {"any": [ADULT, US]}, ["Conditions: all were needed, now one is enough"]),
        # within a nested group the place is told
        ({"all": [MEMBER, {"any": [ADULT, US]}]}, {"all": [MEMBER, {"any": [{**ADULT, "value": 21}, US]}]},
         ["Condition within “any of” changed: age is at least 18 → age is at least 21"]),
        # order alone
        ({"all": [ADULT, US]}, {"all": [US, ADULT]}, ["The conditions stand in another order."]),
        # a condition where there was none, and the other way round
        ("always", ADULT, ["New condition, where it always held: age is at least 18"]),
        (ADULT, "always", ["Condition dropped, so that it always holds: age is at least 18"]),
        ({"all": [ADULT, US]}, "always",
         ["Condition dropped, so that it always holds: age is at least 18 and country is “US”"]),
        # negated
        (MEMBER, {"not": MEMBER}, ["Condition changed: member is true → member is not true"]),
        # what reads alike but is written differently shows as written
        (when(fact="case.name", op="eq", value="1"), when(fact="case.name", op="eq", value=1),
         ["Condition changed: name is “1” → name is 1"]),
        ({"all": [ADULT]}, ADULT,
         ['Condition changed: {"all": [{"fact": "case.age", "op": "gte", "value": 18}]} → '
          '{"fact": "case.age", "op": "gte", "value": 18}']),
    ],
)  # fmt: skip
def test_a_condition_changes_condition_by_condition(old: Any, new: Any, sentences: list[str]) -> None:
    assert of_rule(rule(old), rule(new)) == tuple(sentences)


@pytest.mark.parametrize(
    ("old", "new", "sentences"),
    [
        ([decide("approve")], [decide("decline")], ["Action changed: decide approve → decide decline"]),
        ([decide("approve")], [{"prioritise": "high"}, decide("approve")],
         ["New action: give the case high priority"]),
        ([{"prioritise": "high"}, decide("approve")], [decide("approve")],
         ["Action dropped: give the case high priority"]),
        ([{"prioritise": "high"}, {"run": ["address"]}], [{"run": ["address"]}, {"prioritise": "high"}],
         ["The actions stand in another order."]),
    ],
)  # fmt: skip
def test_actions_change_one_by_one(old: list[Any], new: list[Any], sentences: list[str]) -> None:
    assert of_rule(rule("always", *old), rule("always", *new)) == tuple(sentences)


def test_title_kind_priority_and_switch_are_told() -> None:
    new = rule("always", title="Guarded", kind="guard", priority=5, enabled=False)
    assert of_rule(rule("always"), new) == (
        "Title: Tried → Guarded", "Priority: 0 → 5", "Switched off", "Kind: rule → guard",
    )  # fmt: skip


def test_a_new_rule_and_one_that_is_gone_say_what_they_do() -> None:
    new = rule(ADULT, decide("approve"), key="adults", title="Adults", priority=3)
    rules = version()["rules"]
    assert told({}, {"rules": [*rules[:2], new]}) == [
        Change("rules", "adults", "Adults", "added", ("When age is at least 18, decide approve.", "Priority: 3")),
        Change("rules", "no", "Too young", "removed", ("When age is less than 18, decide decline.",)),
    ]


def test_a_changed_parameter_is_told_once_and_not_at_every_rule_that_reads_it() -> None:
    reads = rule(when(fact="case.age", op="gte", value={"parameter": "adult"}), decide("approve"))
    old = {"adult": {"type": "integer", "value": 18, "label": "Adult from", "minimum": 0}}
    new = {"adult": {"type": "integer", "value": 21, "label": "Adult from", "minimum": 0, "unit": "years"}}
    found = told({"rules": [reads], "parameters": old}, {"rules": [reads], "parameters": new})
    assert found == [Change("parameters", "adult", "Adult from", "changed", ("Value: 18 → 21", "Unit: none → years"))]


@pytest.mark.parametrize(
    ("changed", "sentences"),
    [
        # one cell
        ({"rows": [{"key": "minors", "when": ["< 21", "-"], "then": ["high"]}, table()["rows"][1]]},
         ["Row minors, age: < 18 → < 21"]),
        # one result
        ({"rows": [{"key": "minors", "when": ["< 18", "-"], "then": ["medium"]}, table()["rows"][1]]},
         ["Row minors, how risky: high → medium"]),
        # a row comes, a row goes
        ({"rows": [table()["rows"][0], {"key": "abroad", "when": [">= 18", '"US"'], "then": ["medium"]}]},
         ['New row abroad: >= 18; "US" → medium', 'Row dropped, home: >= 18; "DE","FR" → low']),
        # rows in another order
        ({"rows": list(reversed(table()["rows"]))}, ["Row home moved: now first"]),
        # the policy, and what counts when no row applies
        ({"hit_policy": "first", "otherwise": ["high"]}, ["Hit policy: unique → first", "Otherwise: medium → high"]),
        ({"otherwise": ["low"], "title": "Risk", "priority": 4},
         ["Title: How risky → Risk", "Priority: 0 → 4", "Otherwise: medium → low"]),
        # a column with a new set of results
        ({"outputs": [{"set": "derived.risk", "type": "string", "values": ["high", "low"]}]},
         ["Column how risky, possible results: high, medium, low → high, low"]),
        # a column more: its cells are part of it
        ({"inputs": [*table()["inputs"], {"fact": "case.member"}],
          "rows": [{**row, "when": [*row["when"], "-"]} for row in table()["rows"]]}, ["New column: member"]),
    ],
)  # fmt: skip
def test_a_table_changes_row_by_row_and_cell_by_cell(changed: dict[str, Any], sentences: list[str]) -> None:
    assert of_table(**changed) == tuple(sentences)


def test_an_agent_step_tells_each_setting() -> None:
    step = {**ADDRESS_STEP, "config": {"radius": 5}, "timeout": "5s", "agent_version": "1.1", "input": {}}
    (change,) = told({}, {"agents": {"address": step}})
    assert (change.section, change.key, change.sentences) == (
        "agents", "address",
        ("Agent's version: 1.0 → 1.1", "Setting radius: none → 5", "Reads city: case.address.city → none",
         "Timeout: 20s → 5s"),
    )  # fmt: skip


def test_outcomes_schema_settings_and_scenarios_are_told() -> None:
    fields = {**INPUT_SCHEMA["properties"], "email": {"type": "string", "title": "E-mail"}}
    fields.pop("free")
    one = {"title": "Grown up", "given": {"case": {"age": 30}}, "expect": {"run": ["address"]}}
    after = {
        "outcomes": ["approve", "decline", "ask"],
        "feedback": ["repaid", "defaulted"],
        "input_schema": {**INPUT_SCHEMA, "properties": fields, "required": ["age"]},
        "time_zone": "Europe/Berlin",
        "budget": 2,
        "scenarios": [{**one, "given": {"case": {"age": 31}}}, {**one, "title": "Another"}],
    }
    assert told({"scenarios": [one, {**one, "title": "Old"}]}, after) == [
        Change("outcomes", "outcomes", "Outcomes", "changed", ("New outcome: ask",)),
        Change("feedback", "feedback", "Feedback", "changed", ("New feedback value: repaid",
                                                               "New feedback value: defaulted")),
        Change("schema", "input_schema", "What a case tells", "changed",
               ("New field: E-mail (email)", "Field dropped: free", "No longer required: country")),
        Change("settings", "settings", "Settings", "changed", ("Time zone: UTC → Europe/Berlin",
                                                               "Budget a case: none → 2")),
        Change("scenarios", "scenarios", "Scenarios: 2 before, 2 now", "changed",
               ("New: Another", "Dropped: Old", "Changed: Grown up")),
    ]  # fmt: skip


def test_the_parts_that_an_edit_touched_are_named() -> None:
    before, after = version(tables=[table()]), version(tables=[table(title="x")], outcomes=["approve", "no"])
    after["rules"] = [after["rules"][0], rule(ADULT), after["rules"][2]]
    assert changed_parts(before, after) == ["outcomes", "rules/yes", "rules/tried", "tables/risk"]
    many = version(rules=[rule("always", key=f"r{number}") for number in range(80)])
    assert len(changed_parts(version(), many)) == 51


def _read(data: dict[str, Any]) -> Any:
    try:
        return version_from(data)
    except RuleError:
        assume(False)


@given(strategies.versions)
def test_a_version_does_not_differ_from_itself(data: dict[str, Any]) -> None:
    assert difference(_read(data), _read(json.loads(json.dumps(data)))) == ()


@given(strategies.versions, strategies.versions)
def test_there_is_a_difference_exactly_where_the_documents_differ(one: dict[str, Any], two: dict[str, Any]) -> None:
    before, after = _read(one), _read({**one, **two})
    alike = json.dumps(version_to(before), sort_keys=True) == json.dumps(version_to(after), sort_keys=True)
    assert (difference(before, after) == ()) == alike


def _with_rules(rules: list[dict[str, Any]]) -> Any:
    return _read({"outcomes": ["a"], "input_schema": {}, "rules": rules})


@given(st.lists(strategies.rules_, min_size=2, max_size=8, unique_by=lambda one: one["key"]), st.randoms())
def test_another_order_of_rules_is_only_moved(rules: list[dict[str, Any]], chance: random.Random) -> None:
    shuffled = list(rules)
    chance.shuffle(shuffled)
    found = difference(_with_rules(rules), _with_rules(shuffled))
    assert {change.kind for change in found} == ({"moved"} if shuffled != rules else set())


@given(
    st.lists(strategies.rules_, min_size=1, max_size=5, unique_by=lambda one: one["key"]), strategies.rules_, st.data()
)
def test_every_change_of_one_rule_is_told_under_its_key_and_under_no_other(
    rules: list[dict[str, Any]], other: dict[str, Any], data: st.DataObject
) -> None:
    place = data.draw(st.integers(0, len(rules) - 1))
    part = data.draw(st.sampled_from(sorted(other.keys() - {"key"})))
    changed = [*rules]
    changed[place] = {**rules[place], part: other[part]}
    before, after = _with_rules(rules), _with_rules(changed)
    alike = json.dumps(version_to(before), sort_keys=True) == json.dumps(version_to(after), sort_keys=True)
    found = difference(before, after)
    assert [(one.key, one.kind) for one in found] == ([] if alike else [(rules[place]["key"], "changed")])
    assert all(one.sentences for one in found)


@given(strategies.tables_, strategies.tables_)
def test_any_two_forms_of_a_table_are_told_apart(one: dict[str, Any], two: dict[str, Any]) -> None:
    two = {**two, "key": one["key"]}
    before = _read({"outcomes": ["a"], "input_schema": {}, "tables": [one]})
    after = _read({"outcomes": ["a"], "input_schema": {}, "tables": [two]})
    alike = json.dumps(version_to(before), sort_keys=True) == json.dumps(version_to(after), sort_keys=True)
    assert (difference(before, after) == ()) == alike
