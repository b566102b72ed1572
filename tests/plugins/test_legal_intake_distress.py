"""The distress agent: VADER's published examples, hand-written lines, denial, danger, and whose lines count."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.plugin_api import AgentError
from orchestration.testing import check_agent
from plugins.legal_intake.distress import DistressAgent

Run = Callable[..., Any]


def call(*lines: str, speaker: str = "caller") -> list[dict[str, str]]:
    return [{"speaker": speaker, "text": line} for line in lines]


# From the README of vaderSentiment (Hutto and Gilbert 2014): sentence, compound score. Only unhappy ones leave a line.
PUBLISHED = [
    ("VADER is not smart, handsome, nor funny.", -0.7424),
    ("Today SUX!", -0.5461),
    ("The plot was good, but the characters are uncompelling and the dialog is not great.", -0.7042),
]
HAPPY = ["😡😭" * 100, "VADER is smart, handsome, and funny.", "At least it isn't a horrible book.", "Not bad at all"]


@pytest.mark.parametrize(("sentence", "compound"), PUBLISHED)
def test_sentiment_is_vaders_own_where_no_legal_word_is_in_the_way(run: Run, sentence: str, compound: float) -> None:
    lines = run(DistressAgent(), transcript=call(f"{sentence} I am scared.")).output.lines
    # Sentences are judged one by one, the worst counts; "I am scared." has -0.4404.
    assert lines[0].sentiment == pytest.approx(compound, abs=0.0005)


@pytest.mark.parametrize("sentence", HAPPY)
def test_what_vader_finds_happy_and_what_nobody_can_say_leaves_no_line(run: Run, sentence: str) -> None:
    assert run(DistressAgent(), transcript=call(sentence)).output.lines == []


# Row: what the caller says, level, danger, sensitive, empathy required.
CALLS = [
    ("My landlord refuses to return the deposit of 1,200 euros.", "none", "none", False, False),  # plain matter
    ("I was fined for an accident and accused of fraud, the claim was rejected.", "none", "none", False, False),
    ("It is annoying, but I can live with it.", "none", "none", False, False),
    ("I am not desperate, just annoyed.", "none", "none", False, False),  # denied
    ("I am a bit scared.", "some", "none", False, False),
    ("My father passed away.", "none", "none", True, False),  # sad, and calm
    ("My father passed away and I am overwhelmed.", "some", "none", True, True),
    ("It has been a lot, I am exhausted and overwhelmed.", "high", "none", False, True),  # 25 and 35 make 51
    ("I am desperate, I cannot sleep any more.", "high", "none", False, True),
    ("I'm at my wits' end and I'm scared.", "high", "none", False, True),  # apostrophes
    ("He hit me twice last week.", "high", "present", False, True),
    ("Sometimes I want to die.", "high", "present", False, True),
    ("I do not want to live any more.", "high", "present", False, True),  # its "not" denies nothing
    ("He never hit me.", "none", "denied", False, True),  # a no may be shame
    ("A van hit me from behind.", "none", "none", False, False),  # an accident is no violence
    ("He hit me again on Sunday.", "high", "present", False, True),
    ("They threatened me with a lawsuit.", "none", "none", False, False),
    ("I can't stop crying, I am desperate.", "high", "none", False, True),  # "cannot stop" denies nothing
]


@pytest.mark.parametrize(("text", "level", "danger", "sensitive", "empathy"), CALLS, ids=[row[0] for row in CALLS])
def test_distress_is_heard_as_a_person_would_hear_it(
    run: Run, text: str, level: str, danger: str, sensitive: bool, empathy: bool
) -> None:
    output = run(DistressAgent(), transcript=call("Hello.", text, "Thank you.")).output
    assert (output.level, output.danger, output.sensitive, output.empathy_required) == (
        level, danger, sensitive, empathy,
    )  # fmt: skip


# Written by hand to try the list on, after it was made; nothing was added to the list because of them.
NEEDS_A_PERSON = [
    "Since my son was taken away I only function, inside I am dead.",
    "I wake up drenched in sweat and think about the letter until morning.",
    "He smashed the kitchen door and said next time it would be my face.",
    "I have been crying for three days, I am a wreck.",
    "We are completely desperate and terrified of losing the flat.",
    "My husband drinks and then he beats me.",
    "I sometimes wonder whether anybody would miss me.",
    "I am so scared that I cannot breathe.",
    "It is a nightmare, I am exhausted and I can't cope any longer.",
    "My mother died last month, and I feel so helpless.",
    "I'm pregnant and afraid that he will find me.",
    "This is destroying our family, I am utterly devastated.",
    "I have lost everything, I do not want to live any more.",
    "She keeps threatening to hurt the baby.",
    "I feel humiliated and I'm ashamed to leave the house.",
]
CALM = [
    "A cyclist hit me at the traffic light, my shoulder hurts a little.",
    "The seller lied to us about the damage, that is fraud if you ask me.",
    "I am sick and tired of these reminders, so please write them a letter.",
    "Unfortunately I missed the appointment, I'm sorry about that.",
    "My late husband left the house to our son, and we want to put it in writing.",
    "The roof was destroyed by the storm and the insurance is slow.",
    "I was a bit shocked by the bill, honestly.",
    "My colleague cried when she got her notice, I took it calmly.",
    "They killed the contract without a warning.",
    "I do not fear a trial, I have all papers.",
    "The dog of my neighbour is dangerous and attacked ours.",
    "The tenant left the flat in a horrible state.",
    "It is a criminal complaint about a stolen bicycle.",
    "I hate to bother you, but could somebody look at my lease?",
    "The hospital treated my knee badly, and I have an expert opinion.",
]


def test_of_sentences_it_was_not_made_for_it_hears_most_cries_and_takes_no_calm_one_for_a_cry(run: Run) -> None:
    """The README gives these figures: 9 of 15, and 0 of 15."""

    def heard(sentences: list[str]) -> int:
        return sum(
            run(DistressAgent(), transcript=call("Good morning.", one, "What can I do?")).output.empathy_required
            for one in sentences
        )

    assert (heard(NEEDS_A_PERSON), heard(CALM)) == (9, 0)


def test_only_the_callers_lines_count(run: Run) -> None:
    transcript = call("Are you desperate? Did he hit me, you ask?", speaker="firm") + call("No.", "It is fine.")
    output = run(DistressAgent(), transcript=transcript).output
    assert (output.score, output.danger, output.lines_heard, output.lines) == (0.0, "none", 2, [])


def test_words_support_each_other_and_the_evidence_names_line_and_words(run: Run) -> None:
    """desperate 45 and cannot sleep 40: 100 · (1 − 0.55 · 0.6) = 67; with scared 35 in another line 78.6."""
    transcript = call("I am desperate, I cannot sleep any more.") + call("Oh.", speaker="firm") + call("I am scared.")
    result = run(DistressAgent(), transcript=transcript)
    assert result.output.score == 78.6
    assert [(one.line, one.points, one.words) for one in result.output.lines] == [
        (1, 67.0, ["desperate", "cannot sleep"]),
        (3, 35.0, ["scared"]),
    ]
    assert result.evidence[0] == {
        "what": "line 1: I am desperate, I cannot sleep any more.",
        "value": "desperate, cannot sleep",
        "weight": 67.0,
    }
    assert result.summary == "High distress in 2 lines of the caller (78.6 points)."


def test_an_unhappy_line_counts_without_any_word_of_the_list(run: Run) -> None:
    result = run(DistressAgent(), transcript=call("It is terrible, horrible, they treat me like dirt and I hate them!"))
    line = result.output.lines[0]
    assert (line.words, line.sentiment < -0.8, 10 < line.points < 45) == ([], True, True)


@given(lines=st.lists(st.sampled_from([row[0] for row in CALLS]), min_size=1, max_size=5), more=st.sampled_from(CALLS))
def test_saying_more_never_lowers_distress(run: Run, lines: list[str], more: tuple[Any, ...]) -> None:
    before = run(DistressAgent(), transcript=call(*lines)).output.score
    after = run(DistressAgent(), transcript=call(*lines, more[0])).output.score
    assert before <= after <= 100


def test_confidence_falls_near_a_threshold_and_where_the_caller_hardly_spoke(run: Run) -> None:
    """No distress is 30 points from the next threshold: 0.95. A score of 35 is 5 away: 0.6 + 0.35 · 5/15 = 0.717."""

    def confidence(*lines: str) -> float:
        return float(run(DistressAgent(), transcript=call(*lines)).confidence)

    assert confidence("Hello.", "It is about rent.", "Thank you.") == 0.95
    assert confidence("Hello.", "I am scared.", "Thank you.") == 0.717
    assert confidence("It is about rent.") == 0.317
    assert confidence("He hit me.") == 0.95


def test_thresholds_the_wrong_way_round_are_not_healthy() -> None:
    agent = DistressAgent()
    assert not agent.check(agent.Config(some_from=60, high_from=60)).ok
    assert agent.check(agent.Config()).ok


HEADING = "kind,term,weight\n"


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (None, "cannot be read: No such file"),
        ("kind,term\n", "needs a heading with kind, term, weight"),
        (HEADING + "joy,hooray,2\n", "Line 2 of .* needs one of the kinds"),
        (HEADING + "distress,,2\n", "Line 2 of .* a term"),
        (HEADING + "distress,sad,101\n", "Line 2 of .* a weight from 0 to 100"),
    ],
    ids=["no file", "no weight", "unknown kind", "no term", "too much"],
)
def test_a_word_list_that_cannot_be_used_is_named_with_its_fault(
    run: Run, tmp_path: Path, content: str | None, fault: str
) -> None:
    path = tmp_path / "terms.csv"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    agent = DistressAgent()
    with pytest.raises(AgentError, match=fault):
        run(agent, {"terms": str(path)}, transcript=call("Hello."))
    assert not agent.check(agent.Config(terms=str(path))).ok


def test_a_list_without_danger_is_not_healthy(tmp_path: Path) -> None:
    path = tmp_path / "terms.csv"
    path.write_text(HEADING + "distress,sad,20\ncircumstance,ill,0\n", encoding="utf-8")
    agent = DistressAgent()
    assert "has no term of the kind danger" in agent.check(agent.Config(terms=str(path))).message


def test_it_keeps_the_contract_of_an_agent() -> None:
    check_agent(
        DistressAgent,
        inputs=[{"transcript": call(row[0])} for row in CALLS[:4]],
        failing=[{"transcript": [{"speaker": "caller", "text": "x" * 1001}]}],
    )
