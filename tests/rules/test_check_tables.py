"""Decision tables that cannot work are errors; gaps, overlaps and rows that never count are warnings with examples."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestration.rules.check import Finding, check
from tests.rules.contents import content, table

PARAMETERS = {"adult": {"type": "integer", "value": 18}, "home": {"type": "list", "value": ["DE", "FR"]}}


def found(changed: dict[str, Any], **version: Any) -> list[tuple[str, str, str]]:
    whole = {key: value for key, value in table(**changed).items() if value is not None}
    findings = check(content(tables=[whole], parameters=PARAMETERS, **version), queues={"desk"})
    below = "/tables/0"
    return [
        (one.severity, one.pointer.removeprefix(below), one.message)
        for one in findings
        if one.pointer.startswith(below)
    ]


def row(key: str, *when: str, then: list[Any] | None = None) -> dict[str, Any]:
    return {"key": key, "when": list(when), "then": then or ["low"]}


def test_a_sound_table_has_no_findings():
    assert found({}) == []


HOME = row("home", ">= {adult}", "in {home}")
ERRORS = [
    # (changed table, pointer, message)
    (
        {"inputs": [{"fact": "case.agee"}, {"fact": "case.country"}]},
        "/inputs/0/fact",
        "There is no fact “case.agee”. Did you mean “case.age”?",
    ),
    (
        {"rows": [row("x", "old", "-")]},
        "/rows/0/when/0",
        "Table “risk”, row “x”, column “case.age”: “old” in “old” does not fit:"
        " the column needs a whole number such as 18.",
    ),
    (
        {"rows": [row("x", "-", '"UK"')]},
        "/rows/0/when/1",
        "Table “risk”, row “x”, column “case.country”: “UK” is not a value of “case.country”. Possible: DE, FR, US."
        " Did you mean “US”?",
    ),
    (
        {"rows": [row("x", "< {adlt}", "-")]},
        "/rows/0/when/0",
        "Table “risk”, row “x”, column “case.age”: There is no parameter “adlt”. Did you mean “adult”?",
    ),
    (
        {"rows": [row("x", "-", "{home}")]},
        "/rows/0/when/1",
        "Table “risk”, row “x”, column “case.country”: “home” is a list, but a text is needed."
        " Use “in” or “not_in” with a list.",
    ),
    ({"rows": [row("x", "-")]}, "/rows/0/when", "Table “risk”, row “x”: it has 1 cells for 2 input columns."),
    (
        {"rows": [row("x", "-", "-", then=["low", "high"])]},
        "/rows/0/then",
        "Table “risk”, row “x”: it has 2 results for 1 output columns.",
    ),
    (
        {"rows": [row("x", "-", "-", then=["lo"])]},
        "/rows/0/then/0",
        "Table “risk”, row “x”, “derived.risk”: “lo” is not among the column's values high, medium, low."
        " Did you mean “low”?",
    ),
    (
        {"rows": [row("x", "-", "-", then=[5])]},
        "/rows/0/then/0",
        "Table “risk”, row “x”, “derived.risk”: 5 is not a text.",
    ),
    ({"otherwise": ["hgh"]}, "/otherwise/0", None),
    ({"rows": [HOME, HOME]}, "/rows/1/key", "Table “risk”, row “home”: another row has this key too."),
    (
        {"outputs": [{"set": "derived.risk", "type": "string", "values": ["low", "medium", "high", "low"]}]},
        "/outputs/0/values",
        "The values of “derived.risk” name one twice.",
    ),
    (
        {"hit_policy": "collect_sum"},
        "/outputs/0/type",
        "collect_sum needs numbers, but “derived.risk” is not a number.",
    ),
    (
        {"hit_policy": "priority", "outputs": [{"set": "derived.risk", "type": "string"}]},
        "/outputs",
        "The hit policy priority needs to know which result goes first: list a column's “values” in priority order.",
    ),
    (
        {"hit_policy": "collect", "outputs": [{"decide": "outcome"}], "rows": [], "otherwise": ["approve"]},
        "/outputs/0",
        "the outcome can only be one: use the hit policy unique, any, priority or first, not collect.",
    ),
    (
        {"outputs": [{"decide": "outcome"}], "rows": [row("x", "-", "-", then=["aprove"])], "otherwise": None},
        "/rows/0/then/0",
        "There is no outcome “aprove”. Did you mean “approve”?",
    ),
    (
        {
            "outputs": [{"escalate": "reason", "queue": "dsk"}],
            "rows": [row("x", "-", "-", then=["R"])],
            "otherwise": None,
        },
        "/outputs/0/queue",
        "There is no queue “dsk”. Did you mean “desk”?",
    ),
    (
        {
            "outputs": [{"decide": "outcome"}, {"escalate": "reason", "queue": "desk"}],
            "rows": [row("x", "-", "-", then=["approve", "R"])],
            "otherwise": None,
        },
        "/rows/0/then",
        "Table “risk”, row “x”: it can decide or escalate, not both; leave one of the results empty (null).",
    ),
]


@pytest.mark.parametrize(("changed", "pointer", "said"), ERRORS)
def test_what_is_wrong_is_named_with_table_row_and_column(changed, pointer, said):
    errors = [one for one in found(changed) if one[0] == "error"]
    assert errors == [("error", pointer, said if said is not None else errors[0][2])]


COVERAGE = [
    # (changed table, findings)
    (
        {"rows": [row("minors", "< 18", "-"), HOME], "otherwise": None},
        [
            (
                "warning",
                "/rows",
                "No row applies where case.age is 18 and case.country is “US”. Add a row or “otherwise”.",
            )
        ],
    ),
    (
        {"rows": [row("a", "<= 18", "-"), row("b", ">= {adult}", "-")]},
        [
            (
                "warning",
                "/rows/1",
                "Rows “a” and “b” both apply where case.age is 18; the case would be escalated.",
            )
        ],
    ),
    ({"rows": [row("a", "<= 18", "-"), row("b", ">= 18", "-")], "hit_policy": "any"}, []),  # they agree
    (
        {"rows": [row("a", "<= 18", "-"), row("b", ">= 18", "-", then=["high"])], "hit_policy": "any"},
        [
            (
                "warning",
                "/rows/1",
                "Rows “a” and “b” give different results where case.age is 18; the case would be escalated.",
            )
        ],
    ),
    (
        {
            "rows": [row("a", "< 10", "-"), row("b", "[10..20]", "-"), row("c", "[5..15]", '"DE"')],
            "hit_policy": "first",
        },
        [
            (
                "warning",
                "/rows/2",
                "Row “c” never counts: rows before it take all its cases, such as “a” where case.age is 5"
                " and case.country is “DE”.",
            )
        ],
    ),
    (
        {"rows": [row("a", "-", '"DE"'), row("b", "-", "-", then=["high"])], "hit_policy": "priority"},
        [
            (
                "warning",
                "/rows/0",
                "Row “a” never counts: rows before it take all its cases, such as “b” where case.country is “DE”.",
            )
        ],
    ),
    (
        {"rows": [row("a", "> 150", "-"), row("b", "[0..150]", "-")], "hit_policy": "rule_order"},
        [
            (
                "warning",
                "/rows/0/when/0",
                "Table “risk”, row “a”, column “case.age”: “case.age” is never above 150, so this is always false.",
            ),
            ("warning", "/rows/0/when/0", "Row “a” never applies: no value of “case.age” fits “> 150”."),
        ],
    ),
    ({"rows": [], "otherwise": None}, [("warning", "/rows", "The table has no rows, so it never gives anything.")]),
    (
        {"inputs": [{"fact": "case.member"}], "rows": [row("a", "true")], "otherwise": None},
        [("warning", "/rows", "No row applies where case.member is false. Add a row or “otherwise”.")],
    ),
    (
        {"inputs": [{"fact": "case.name"}], "rows": [row("a", '"x"'), row("b", 'not("x", "y")')], "otherwise": None},
        [("warning", "/rows", "No row applies where case.name is “y”. Add a row or “otherwise”.")],
    ),
    (
        {
            "inputs": [{"fact": "case.born"}],
            "rows": [row("a", "< 2000-01-01"), row("b", "> 2000-01-01")],
            "otherwise": None,
        },
        [("warning", "/rows", "No row applies where case.born is 2000-01-01. Add a row or “otherwise”.")],
    ),
    (
        {"inputs": [{"fact": "case.income"}], "rows": [row("a", "< 1"), row("b", "(1..2]")], "otherwise": None},
        [
            ("warning", "/rows", "No row applies where case.income is 1. Add a row or “otherwise”."),
            ("warning", "/rows", "No row applies where case.income is 3. Add a row or “otherwise”."),
        ],
    ),
    (
        {"inputs": [{"fact": "case.age"}], "rows": [row("a", "(17..18)"), row("b", "not((17..18))")]},
        [("warning", "/rows/0/when/0", "Row “a” never applies: no value of “case.age” fits “(17..18)”.")],
    ),
]


@pytest.mark.parametrize(("changed", "expected"), COVERAGE)
def test_gaps_overlaps_and_idle_rows_are_reported_with_an_example(changed, expected):
    assert found(changed) == expected


AGES = ["-", "< 3", "<= 3", "> 5", "[2..5)", "3", "not(4)", "1,5", "(2..4)"]
COUNTRIES = ["-", '"DE"', 'not("DE")', '"FR","US"']


def applies(cell: str, value: Any) -> bool:
    simple = {
        "-": True,
        "< 3": value if isinstance(value, str) else value < 3,
        "<= 3": value if isinstance(value, str) else value <= 3,
        "> 5": value if isinstance(value, str) else value > 5,
        "[2..5)": value if isinstance(value, str) else 2 <= value < 5,
        "3": value == 3,
        "not(4)": value != 4,
        "1,5": value in (1, 5),
        "(2..4)": value if isinstance(value, str) else 2 < value < 4,
        '"DE"': value == "DE",
        'not("DE")': value != "DE",
        '"FR","US"': value in ("FR", "US"),
    }
    return bool(simple[cell])


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.tuples(st.sampled_from(AGES), st.sampled_from(COUNTRIES)), min_size=1, max_size=5))
def test_gaps_overlaps_and_idle_rows_are_found_exactly_where_trying_every_value_finds_them(cells):
    rows = [row(f"r{n}", *pair) for n, pair in enumerate(cells)]
    space = list(itertools.product(range(9), ["DE", "FR", "US"]))
    hits = [[applies(age, a) and applies(country, c) for a, c in space] for age, country in cells]
    gap = any(not any(column) for column in zip(*hits, strict=True))
    pairs = {
        (one, other)
        for one, other in itertools.combinations(range(len(rows)), 2)
        if any(a and b for a, b in zip(hits[one], hits[other], strict=True))
    }
    idle = {
        n for n in range(len(rows)) if all(any(hits[m][p] for m in range(n)) for p in range(len(space)) if hits[n][p])
    }
    unique = found({"rows": rows, "otherwise": None})
    assert any("No row applies" in message for _, _, message in unique) == gap
    overlapping = [message for _, _, message in unique if "both apply" in message]
    assert len(overlapping) == min(len(pairs), 10)
    first = found({"rows": rows, "hit_policy": "first"})
    assert {pointer for _, pointer, message in first if "never counts" in message} == {f"/rows/{n}" for n in idle}


def test_a_large_table_is_checked():
    rows = [row(f"r{n}", f"[{n}..{n + 1})", '"DE"' if n % 2 else "-", "-") for n in range(600)]
    inputs = [{"fact": "case.income"}, {"fact": "case.country"}, {"fact": "case.name"}]
    findings = found({"inputs": inputs, "rows": rows, "otherwise": None})
    assert [message.split(" where ")[0] for _, _, message in findings] == ["No row applies"] * 3


def test_a_finding_in_a_row_names_the_table_that_it_is_in() -> None:
    assert [Finding("error", "", key, "…").block for key in ("risk/minors", "risk", "")] == ["risk", "risk", ""]
