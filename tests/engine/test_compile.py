"""Compiling a version: what has no meaning is refused with its place; what is left behind is freed."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from orchestration.engine import reference
from orchestration.engine.advance import advance
from orchestration.engine.compile import compile_version
from orchestration.engine.durable import EngineFault
from orchestration.engine.evaluate import evaluate
from orchestration.engine.step import Progress
from orchestration.facts import Facts
from orchestration.rules.language import (
    AgentStep,
    AllOf,
    Always,
    AnyOf,
    Compare,
    Decide,
    DecideOutput,
    DecisionTable,
    FactRef,
    Literal,
    Not,
    ParameterRef,
    Quantified,
    Rule,
    Run,
    TableInput,
    TableRow,
    VersionContent,
)
from orchestration.rules.parse import RuleError

SCHEMA = {
    "type": "object",
    "properties": {
        "age": {"type": "number"},
        "name": {"type": "string"},
        "tags": {"type": "array", "items": {"type": "string"}},
    },
}


def content(*conditions, **parts):
    rules = tuple(Rule(f"r{n}", f"Rule {n}", one, (Decide("x"),)) for n, one in enumerate(conditions))
    return VersionContent(("x",), SCHEMA, **{"rules": rules, **parts})


def table(cell, fact="case.age", width=1):
    row = TableRow("one", (cell,) * width, ("x",))
    return DecisionTable("t", "T", "first", (TableInput(fact),), (DecideOutput(),), (row,))


ADULT = Compare("case.age", "gte", Literal(18))


@pytest.mark.parametrize(
    ("made", "problems"),
    [
        (content(Compare("case.agee", "gt", Literal(1))), [("/rules/0/when/fact", "there is no fact 'case.agee'")]),
        (
            content(ADULT, Not(AllOf((ADULT, Compare("case.age", "contains", Literal(1)))))),
            [("/rules/1/when/not/all/1/op", "'contains' is not for facts of type number")],
        ),
        (
            content(AnyOf((Compare("case.age", "gt", ParameterRef("limit")),))),
            [("/rules/0/when/any/0/value", "there is no parameter 'limit'")],
        ),
        (
            content(Compare("case.age", "gt", FactRef("case.income"))),
            [("/rules/0/when/value", "there is no fact 'case.income'")],
        ),
        (
            content(Quantified("some", "case.age", Always())),
            [("/rules/0/when/some", "'case.age' is not an array fact")],
        ),
        (
            content(Quantified("every", "case.tags", Compare("item", "gt", Literal(1)))),
            [("/rules/0/when/where/op", "'gt' is not for facts of type string")],
        ),
        (content(Compare("item", "is_set")), [("/rules/0/when/fact", "there is no fact 'item'")]),
        (
            content(rules=(Rule("r", "R", Always(), (Decide("x"), Run(("a", "b")))),), agents=(AgentStep("a", "x"),)),
            [("/rules/0/then/1/run", "there is no agent step 'b'")],
        ),
        (content(time_zone="Mars/Olympus"), [("/time_zone", "'Mars/Olympus' is not a time zone")]),
        (content(time_zone="../../etc/passwd"), [("/time_zone", "'../../etc/passwd' is not a time zone")]),
        (content(tables=(table("-", "case.x"),)), [("/tables/0/inputs/0/fact", "there is no fact 'case.x'")]),
        # every problem at once
        (
            content(Compare("case.zzz", "is_set"), Compare("case.yyy", "is_set")),
            [
                ("/rules/0/when/fact", "there is no fact 'case.zzz'"),
                ("/rules/1/when/fact", "there is no fact 'case.yyy'"),
            ],
        ),
    ],
)
def test_what_cannot_be_compiled_is_refused_with_its_place(made, problems):
    with pytest.raises(RuleError) as caught:
        compile_version(made)
    found = [(problem.pointer, problem.detail.split(";")[0]) for problem in caught.value.problems]
    assert found == problems


@pytest.mark.parametrize("made", [table("soon"), table("-", width=2), table("> ")])
def test_a_wrong_row_is_refused_with_its_place(made):
    with pytest.raises(RuleError) as caught:
        compile_version(content(tables=(made,)))
    (problem,) = caught.value.problems
    assert problem.pointer.startswith("/tables/0/rows/0/when")


def test_what_is_not_enabled_need_not_compile():
    rule = Rule("r", "R", Compare("case.zzz", "is_set"), (Decide("x"),), enabled=False)
    rule_set = compile_version(content(rules=(rule,), tables=()))
    assert evaluate(rule_set, Facts({})) == frozenset()
    rule_set.close()


def test_a_version_of_nothing_or_of_constants_needs_no_engine():
    for made, expected in [
        (content(), set()),
        (content(Always(), Not(Always()), AllOf((Always(), Always()))), {"r0", "r2"}),
    ]:
        rule_set = compile_version(made)
        assert evaluate(rule_set, Facts({"case": {}})) == expected
        rule_set.close()


@pytest.mark.parametrize(
    "condition",
    [
        AnyOf(tuple(Compare("case.age", "gt", Literal(number)) for number in range(300))),
        AllOf(tuple(Compare("case.age", "ne", Literal(number)) for number in range(1000))),
        Compare("case.age", "in", tuple(Literal(number) for number in range(5000))),
        AllOf(tuple(AnyOf((ADULT, Compare("case.age", "lt", Literal(n)))) for n in range(40))),
    ],
)
def test_what_is_beyond_the_engine_is_evaluated_all_the_same(condition):
    rule_set = compile_version(content(condition, ADULT))
    for age in (-1, 0, 17, 18, 299, 300, 4999, 5000, 0.5, None):
        facts = Facts({"case": {"age": age}})
        assert evaluate(rule_set, facts) == reference.evaluate(rule_set, facts)
    rule_set.close()


def test_a_thousand_rules_alike_are_told_apart():
    rule_set = compile_version(content(*[ADULT] * 600, *[Compare("case.age", "lt", Literal(18))] * 400))
    assert evaluate(rule_set, Facts({"case": {"age": 18}})) == {f"r{number}" for number in range(600)}
    assert evaluate(rule_set, Facts({"case": {"age": 17}})) == {f"r{number}" for number in range(600, 1000)}
    rule_set.close()


def test_more_facts_than_a_message_holds_are_spread_over_shards():
    names = [f"f{number}" for number in range(600)]
    schema = {"type": "object", "properties": {name: {"type": "number"} for name in names}}
    rules = tuple(Rule(name, name, Compare(f"case.{name}", "eq", Literal(1)), (Decide("x"),)) for name in names)
    rule_set = compile_version(VersionContent(("x",), schema, rules=rules))
    assert evaluate(rule_set, Facts({"case": dict.fromkeys(names, 1)})) == set(names)
    assert evaluate(rule_set, Facts({"case": {**dict.fromkeys(names, 2), "f7": 1}})) == {"f7"}
    rule_set.close()


def test_a_closed_rule_set_answers_no_more():
    rule_set = compile_version(content(ADULT))
    rule_set.close()
    rule_set.close()
    with pytest.raises(EngineFault, match="has been closed"):
        advance(rule_set, Facts({"case": {"age": 20}}), Progress())


def test_threads_share_a_rule_set():
    rule_set = compile_version(content(*[Compare("case.age", "gte", Literal(number)) for number in range(100)]))
    start = threading.Barrier(4)

    def work(first: int) -> bool:
        start.wait()
        return all(
            len(evaluate(rule_set, Facts({"case": {"age": age}}))) == age + 1
            for age in [(first + 7 * turn) % 100 for turn in range(200)]
        )

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(work, range(4))) == [True] * 4
    rule_set.close()
