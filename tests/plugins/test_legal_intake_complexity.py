"""The complexity agent: points worked out by hand, and the laws its score keeps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.testing import check_agent
from plugins.legal_intake.amounts import amounts
from plugins.legal_intake.complexity import ComplexityAgent

Run = Callable[..., Any]
PLAIN: dict[str, Any] = {
    "opponents": [{"name": "One"}], "claims": [], "amount": 1000, "jurisdictions": ["DE"], "documents": 2,
    "proceedings": "none", "opponent_represented": False,
}  # fmt: skip


def points(output: Any) -> dict[str, float]:
    return {one.factor: one.points for one in output.factors if one.points}


# Row: what is stated beyond a plain matter, the points, the score. All factors together can give 100 points.
WORKED = [
    ({}, {}, 0.0),
    ({"opponents": [{"name": str(at)} for at in range(6)]}, {"parties": 9.0}, 9.0),  # 7 parties: 5/(5+5) of 18
    ({"related": [{"name": str(at)} for at in range(5)]}, {"parties": 9.0}, 9.0),  # the same, on any side
    ({"amount": 1_000_000}, {"amount": 20.0}, 20.0),  # log10(1,000,000/1,000)/3 = 1 of 20
    ({"amount": 10_000}, {"amount": 6.7}, 6.7),  # log10(10)/3 of 20
    ({"amount": 0}, {}, 0.0),
    ({"jurisdictions": ["DE", "AT"]}, {"jurisdictions": 10.0}, 10.0),  # 1/(1+1) of 20
    ({"jurisdictions": ["at", "AT", "CH", "FR"]}, {"jurisdictions": 15.0}, 15.0),  # three abroad: 3/4 of 20
    ({"documents": 27}, {"documents": 9.0}, 9.0),  # 25/(25+25) of 18
    ({"claims": [{"kind": "regular"}, {"kind": "dismissal"}]}, {"deadlines": 4.0}, 4.0),  # 2/(2+2) of 8
    ({"proceedings": "pending"}, {"proceedings": 9.0}, 9.0),  # 0.75 of 12
    ({"proceedings": "appeal", "opponent_represented": True}, {"proceedings": 12.0, "opponent_represented": 4.0}, 16.0),
]  # fmt: skip


@pytest.mark.parametrize(
    ("more", "expected", "score"), WORKED, ids=[str(sorted(row[1])) + str(row[2]) for row in WORKED]
)
def test_points_are_those_worked_out_by_hand(
    run: Run, more: dict[str, Any], expected: dict[str, float], score: float
) -> None:
    result = run(ComplexityAgent(), **(PLAIN | more))
    assert (points(result.output), result.output.score, result.confidence) == (expected, score, 1.0)


def test_the_score_is_the_share_of_what_the_configuration_can_give(run: Run) -> None:
    """Documents 9 of 18 points, everything else at 0 points: 50 of 100."""
    others = ("parties", "amount", "jurisdictions", "deadlines", "proceedings")
    config = {f"most_{name}": 0 for name in others} | {"represented": 0}
    assert run(ComplexityAgent(), config, **(PLAIN | {"documents": 27})).output.score == 50.0


def test_what_is_not_stated_is_named_and_lowers_confidence(run: Run) -> None:
    """Without amount (20 of 100 points) and documents (18): 0.62."""
    stated = {name: value for name, value in PLAIN.items() if name not in ("amount", "documents")}
    result = run(ComplexityAgent(), **stated)
    assert (result.output.missing, result.confidence) == (["amount", "documents"], 0.62)
    assert result.summary == "Complexity 0 of 100. Not stated: amount, documents."


def test_an_amount_that_only_the_caller_names_is_heard_with_its_line(run: Run) -> None:
    stated = PLAIN | {"amount": None}
    transcript = [
        {"speaker": "caller", "text": "First 200 euros, in the end 10,000 euros."},
        {"speaker": "firm", "text": "Not 1,000,000 euros?"},
    ]
    result = run(ComplexityAgent(), **stated, transcript=transcript)
    assert (result.output.amount, result.output.amount_from_call, points(result.output)) == (
        10_000, True, {"amount": 6.7},
    )  # fmt: skip
    assert result.evidence[-1] == {"what": "line 1: amount heard in the call", "value": 10_000.0}


def test_the_amount_of_the_form_counts_where_there_is_one(run: Run) -> None:
    transcript = [{"speaker": "caller", "text": "It is about 50,000 euros."}]
    output = run(ComplexityAgent(), **PLAIN, transcript=transcript).output
    assert (output.amount, output.amount_from_call) == (1000, False)


def test_the_summary_names_the_weightiest_factors(run: Run) -> None:
    result = run(ComplexityAgent(), **(PLAIN | {"documents": 27, "amount": 1_000_000}))
    assert result.summary == "Complexity 29 of 100, mostly for amount, documents."
    assert result.evidence[0] == {"what": "amount", "value": "EUR 1,000,000", "weight": 20.0}


@given(
    low=st.fixed_dictionaries({"amount": st.floats(0, 1e9), "documents": st.integers(0, 5000)}),
    more=st.fixed_dictionaries({"amount": st.floats(0, 1e9), "documents": st.integers(0, 5000)}),
)
def test_more_of_anything_never_makes_a_matter_simpler(run: Run, low: dict[str, Any], more: dict[str, Any]) -> None:
    high = {name: low[name] + more[name] for name in low}
    scores = [run(ComplexityAgent(), **(PLAIN | stated)).output.score for stated in (low, high)]
    assert 0 <= scores[0] <= scores[1] <= 100


# Row: text, amounts in it.
AMOUNTS = [
    ("12,000 euros", [12_000]),  # the English way
    ("EUR 12.000,50", [12_000.5]),  # the German way
    ("€ 1'250.00 or 45.90 €", [1250, 45.9]),  # the Swiss way, and two in a line
    ("3 thousand euros, perhaps 1.5 million euro", [3_000, 1_500_000]),
    ("12 000 euros", [12_000]),
    ("in 2024 we were 12 people", []),  # no currency
    ("the europe of 27", []),  # "euro" within a word
    ("99,5 eur", [99.5]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), AMOUNTS, ids=[row[0] for row in AMOUNTS])
def test_amounts_are_read_however_they_are_written(text: str, expected: list[float]) -> None:
    assert amounts(text) == expected


def test_factors_without_any_points_are_not_healthy() -> None:
    agent = ComplexityAgent()
    most = ("parties", "amount", "jurisdictions", "documents", "deadlines", "proceedings")
    nothing = agent.Config(**{f"most_{name}": 0 for name in most}, represented=0)
    assert agent.check(nothing).message == "Every factor gives 0 points. Give at least one of them some."
    assert agent.check(agent.Config()).message == "amount can give most"


def test_it_keeps_the_contract_of_an_agent() -> None:
    check_agent(ComplexityAgent, inputs=[PLAIN, {}], failing=[{"amount": -1}, {"proceedings": "duel"}])
