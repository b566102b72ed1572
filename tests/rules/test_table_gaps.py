"""What the checker says of rows that never count or contradict each other, against trying every value."""

from __future__ import annotations

import itertools
from datetime import date, timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestration.rules.lone_table import check_lone_table
from tests.rules.contents import content, table

FIRST = date(2026, 1, 1)
DAYS = [FIRST + timedelta(days=number) for number in range(6)]
BORN = ["-", "< 2026-01-03", "[2026-01-02..2026-01-04)", "2026-01-05", "not(2026-01-01)", ">= {start}"]
MEMBER = ["-", "true", "false", "not(true)"]
RESULTS = ["high", "medium", "low"]
PARAMETERS = {"start": {"type": "date", "value": "2026-01-04"}}
cells = st.tuples(st.sampled_from(BORN), st.sampled_from(MEMBER), st.sampled_from(RESULTS))


def fits(born: str, member: str, day: date, is_member: bool) -> bool:
    days = {
        "-": True,
        "< 2026-01-03": day < date(2026, 1, 3),
        "[2026-01-02..2026-01-04)": date(2026, 1, 2) <= day < date(2026, 1, 4),
        "2026-01-05": day == date(2026, 1, 5),
        "not(2026-01-01)": day != FIRST,
        ">= {start}": day >= date(2026, 1, 4),
    }
    members = {"-": True, "true": is_member, "false": not is_member, "not(true)": not is_member}
    return days[born] and members[member]


def remarks(policy: str, rows: list[tuple[str, str, str]]) -> list[tuple[str, str]]:
    document: dict[str, Any] = table(
        hit_policy=policy,
        inputs=[{"fact": "case.born"}, {"fact": "case.member"}],
        rows=[{"key": f"r{n}", "when": [born, member], "then": [then]} for n, (born, member, then) in enumerate(rows)],
    )
    found, told = check_lone_table(content(parameters=PARAMETERS), document, queues=())
    assert found is not None
    return [(one.pointer, one.detail) for one in told]


def tried(rows: list[tuple[str, str, str]]) -> list[list[bool]]:
    """For each row, which of the cases it fits: the days around the cells' own, member or not."""
    space = list(itertools.product([FIRST - timedelta(days=1), *DAYS], [True, False]))
    return [[fits(born, member, *case) for case in space] for born, member, _ in rows]


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(cells, min_size=1, max_size=5))
def test_under_priority_a_row_never_counts_where_better_ones_take_all_its_cases(rows):
    hits = tried(rows)
    order = sorted(range(len(rows)), key=lambda number: RESULTS.index(rows[number][2]))  # stable: then by place
    idle = set()
    for place, number in enumerate(order):
        better = order[:place]
        if all(any(hits[other][case] for other in better) for case, hit in enumerate(hits[number]) if hit):
            idle.add(f"/rows/{number}")
    assert {pointer for pointer, said in remarks("priority", rows) if "never counts" in said} == idle


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(cells, min_size=1, max_size=5))
def test_under_any_two_rows_contradict_where_they_meet_and_differ(rows):
    hits = tried(rows)
    pairs = [
        (f"“r{one}” and “r{other}”")
        for other in range(len(rows))
        for one in range(other)
        if rows[one][2] != rows[other][2] and any(a and b for a, b in zip(hits[one], hits[other], strict=True))
    ]
    told = [said for _, said in remarks("any", rows) if "give different results" in said]
    assert [any(pair in said for said in told) for pair in pairs] == [True] * len(pairs)
    assert len(told) == len(pairs)


def test_a_large_table_is_answered_for_every_hit_policy():
    rows = [{"key": f"r{n}", "when": [f'"{n}"', "-"], "then": [RESULTS[n % 3]]} for n in range(3_000)]
    for policy in ("unique", "any", "first", "priority"):
        document = table(hit_policy=policy, inputs=[{"fact": "case.name"}, {"fact": "case.country"}], rows=rows)
        assert check_lone_table(content(), document)[1] == ()
