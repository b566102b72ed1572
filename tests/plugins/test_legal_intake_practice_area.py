"""The practice-area agent: hand-written calls with the area a lawyer would name, and what its confidence does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.plugin_api import AgentError
from orchestration.testing import check_agent
from plugins.legal_intake.practice_area import AREAS, PracticeAreaAgent
from plugins.legal_intake.transcript import phrases_said, stems, words

Run = Callable[..., Any]


def call(*lines: str, speaker: str = "caller") -> list[dict[str, str]]:
    return [{"speaker": speaker, "text": line} for line in lines]


# Written by hand for this test, in words of their own: none is a line of the sample calls.
CALLS = [
    ("family", "My husband moved out and took the kids. I need somebody for the custody and later the divorce."),
    ("family", "I pay alimony to my ex since 2019 and now she has married again."),
    ("employment", "They fired me on Friday. My boss said the salary for October would not come either."),
    ("employment", "My employer wants me to sign a termination agreement with a small severance."),
    ("tenancy", "The landlord wants to evict us because his son needs the flat for personal use."),
    ("tenancy", "We got a rent increase of 20 per cent, and there is mould in the nursery."),
    ("traffic", "A van rear ended me at the red light, and since then I have a whiplash."),
    ("traffic", "I was caught by a speed camera and fear for my driving licence."),
    ("inheritance", "My father left a testament that leaves everything to his second wife. I am disinherited."),
    ("inheritance", "We are a community of heirs of five and cannot agree about the estate."),
    ("contract", "I ordered a sofa in an online shop, it was delivered with a defect, and the seller ignores me."),
    ("contract", "The builder never finished, but sends invoice after invoice and one payment reminder."),
    ("criminal", "The police searched my house and say I am accused of fraud."),
    ("criminal", "My son was caught shoplifting and has a letter from the public prosecutor."),
    ("tax", "After a tax audit the tax office wants back taxes for three years."),
    ("immigration", "My wife's visa was refused and the immigration office does not answer."),
    ("social", "The jobcentre does not pay, and my disability pension was turned down."),
]


@pytest.mark.parametrize(("area", "text"), CALLS, ids=[f"{area}-{at}" for at, (area, _) in enumerate(CALLS)])
def test_the_area_is_the_one_a_lawyer_would_name(run: Run, area: str, text: str) -> None:
    assert run(PracticeAreaAgent(), transcript=call(text)).output.area == area


def test_points_lead_and_confidence_are_reckoned_as_the_readme_says(run: Run) -> None:
    """Worked by hand: landlord 3, landlord again 3/2, employer 2 → 4.5 and 2; lead 1 − 2/4.5 = 0.556;
    strength 1 − e^(−4.5/4) = 0.675; confidence 0.375."""
    result = run(PracticeAreaAgent(), transcript=call("The landlord writes.", "My landlord knows my employer."))
    assert [(one.area, one.score) for one in result.output.scores] == [("tenancy", 4.5), ("employment", 2.0)]
    assert (result.output.margin, result.confidence) == (0.556, 0.375)
    assert result.summary == "Points to tenancy; employment comes next, 56% behind."
    assert result.evidence == (
        {"what": "line 1 speaks for tenancy", "value": "landlord", "weight": 3.0},
        {"what": "line 2 speaks for tenancy", "value": "landlord", "weight": 1.5},
        {"what": "line 2 speaks for employment", "value": "employer", "weight": 2.0},
    )


def test_what_the_firm_says_counts_less_and_what_is_denied_hardly(run: Run) -> None:
    """landlord has 3 points: 0.4 of it from the firm's side, 0.25 of it after a "no"."""
    asked = run(PracticeAreaAgent(), transcript=call("Is it your landlord?", speaker="firm")).output
    denied = run(PracticeAreaAgent(), transcript=call("There is no landlord here.")).output
    assert (asked.score, denied.score) == (1.2, 0.75)


def test_a_longer_term_is_not_counted_again_as_its_parts(run: Run) -> None:
    """“notice of dismissal” has 3.5 points; “dismissal” alone would add 2.5."""
    assert run(PracticeAreaAgent(), transcript=call("A notice of dismissal came.")).output.score == 3.5


def test_the_tick_on_the_form_adds_points_and_agreement_is_told(run: Run) -> None:
    lines = call("My landlord is difficult.")
    same = run(PracticeAreaAgent(), transcript=lines, stated_area="tenancy").output
    other = run(PracticeAreaAgent(), transcript=lines, stated_area="family").output
    unsure = run(PracticeAreaAgent(), transcript=lines, stated_area="unsure").output
    assert [(one.area, one.score, one.agrees_with_form) for one in (same, other, unsure)] == [
        ("tenancy", 5.0, True), ("tenancy", 3.0, False), ("tenancy", 3.0, None),
    ]  # fmt: skip


def test_a_call_about_nothing_in_particular_has_no_area_and_no_confidence(run: Run) -> None:
    result = run(PracticeAreaAgent(), transcript=call("It is about a letter from my neighbour."))
    assert (result.output.area, result.confidence) == (None, 0.0)


@given(first=st.sampled_from(CALLS), more=st.lists(st.sampled_from(CALLS), max_size=4))
def test_saying_more_never_takes_points_from_an_area(
    run: Run, first: tuple[str, str], more: list[tuple[str, str]]
) -> None:
    def points(*lines: str) -> dict[str, float]:
        output = run(PracticeAreaAgent(), transcript=call(*lines)).output
        return {one.area: one.score for one in output.scores}

    before, after = points(first[1]), points(first[1], *(text for _, text in more))
    assert all(after[area] >= before[area] for area in before)


def test_every_area_has_a_call_here() -> None:
    assert {area for area, _ in CALLS} == set(AREAS)


# Row: text, phrase looked for, (line, denied) of each find.
SAID = [
    ("I was dismissed.", "dismissed", [(1, False)]),
    ("I was not dismissed.", "dismissed", [(1, True)]),
    ("I wasn't dismissed.", "dismissed", [(1, True)]),  # apostrophes are dropped
    ("No, I was dismissed.", "dismissed", [(1, False)]),  # the no ends with the comma
    ("I never said so, but I was dismissed.", "dismissed", [(1, False)]),  # "but" begins anew
    ("Not one of all my many friends was dismissed.", "dismissed", [(1, False)]),  # more than three words away
    ("Two landlords and a landlord's wife.", "landlord", [(1, False), (1, False)]),  # endings do not count
    ("I cannot sleep.", "cannot sleep", [(1, False)]),  # the phrase has its own no
]


@pytest.mark.parametrize(("text", "phrase", "found"), SAID, ids=[row[0] for row in SAID])
def test_phrases_are_found_with_their_denials(text: str, phrase: str, found: list[tuple[int, bool]]) -> None:
    said = phrases_said([(1, text)], {stems(phrase): phrase})
    assert [(one.line, one.negated) for one in said] == found


def test_words_are_letters_of_any_script_without_apostrophes() -> None:
    assert words("Don't ask Jörg’s 2 friends – no!") == ["dont", "ask", "jörgs", "2", "friends", "no"]


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (None, "cannot be read: No such file"),
        ("area,term\ntenancy,rent\n", "needs a heading with area, term, weight"),
        ("area,term,weight\nspace,rocket,2\n", "Line 2 of .* needs one of the areas"),
        ("area,term,weight\ntenancy,,2\n", "Line 2 of .* a term"),
        ("area,term,weight\ntenancy,rent,much\n", "Line 2 of .* a weight above 0"),
        ("area,term,weight\ntenancy,rent,nan\n", "Line 2 of .* a weight above 0"),
    ],
    ids=["no file", "no weight", "unknown area", "no term", "no number", "not a number"],
)
def test_a_word_list_that_cannot_be_used_is_named_with_its_fault(
    run: Run, tmp_path: Path, content: str | None, fault: str
) -> None:
    path = tmp_path / "terms.csv"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    agent = PracticeAreaAgent()
    with pytest.raises(AgentError, match=fault) as caught:
        run(agent, {"terms": str(path)}, transcript=call("Hello."))
    assert caught.value.permanent
    assert not agent.check(agent.Config(terms=str(path))).ok


def test_a_word_list_that_forgets_an_area_is_not_healthy(tmp_path: Path) -> None:
    path = tmp_path / "terms.csv"
    path.write_text("area,term,weight\ntenancy,rent,2\n", encoding="utf-8")
    agent = PracticeAreaAgent()
    health = agent.check(agent.Config(terms=str(path)))
    assert (health.ok, "has no term for family, employment" in health.message) == (False, True)


def test_it_keeps_the_contract_of_an_agent() -> None:
    check_agent(
        PracticeAreaAgent,
        inputs=[{"transcript": call(text), "stated_area": "unsure"} for _, text in CALLS[:3]],
        failing=[{"transcript": [{"speaker": "nobody", "text": "?"}]}],
    )
