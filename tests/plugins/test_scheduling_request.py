"""Reading requests: denials, questions of the desk, and wishes, on lines worked out by hand.

The denials follow the cases that NegEx is meant for (Chapman and others, 2001): a denial before the finding, in the
same clause, within a few words.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest

from plugins.scheduling.preferences import read_preferences
from plugins.scheduling.request import RequestAgent
from plugins.scheduling.samples import sample_cases
from plugins.scheduling.symptoms import mentions, symptoms
from plugins.scheduling.wording import read

AT = "2026-03-02T09:00:00-05:00"


@pytest.mark.parametrize(
    ("said", "states"),
    [
        ("I have chest pain", ["present"]),
        ("No chest pain", ["denied"]),
        ("no fever, no chest pain and no seizures", ["denied", "denied"]),
        ("I don't have trouble breathing", ["denied"]),
        ("I dont have trouble breathing", ["denied"]),  # typed without the apostrophe
        ("I haven\u2019t fainted", ["denied"]),  # a typographic apostrophe
        ("No fever but chest pain", ["present"]),  # the denial ends with its clause
        ("It's not only a cough. I have chest pain", ["present"]),
        ("not only chest pain", ["present"]),
        ("I can't breathe", ["present"]),  # the denial is part of the symptom
        ("the chest pain is not going away", ["present"]),  # denies the going, not the pain
        ("the chest pain is gone", ["denied"]),
        ("I had chest pain years ago", ["past"]),
        ("what if I get chest pain", ["feared"]),
        ("I have no idea why but I get chest pain", ["present"]),
        ("no car to come with and since this very morning there is chest pain", ["present"]),  # out of reach
        ("my chest of drawers is a pain", []),
    ],
)
def test_a_symptom_counts_as_what_was_said_of_it(said: str, states: list[str]) -> None:
    assert [one.state for one in mentions([("caller", said)])] == states


@pytest.mark.parametrize(
    ("answer", "states"),
    [("Yes, since last night", ["present"]), ("No, nothing like that", ["denied"]), ("My knee hurts", [])],
)
def test_a_question_of_the_desk_counts_as_its_answer(answer: str, states: list[str]) -> None:
    found = mentions([("staff", "Any chest pain?"), ("caller", answer)])
    assert [(one.state, one.line) for one in found] == [(state, 2) for state in states]


@pytest.mark.parametrize("term", [one.flag for one in symptoms()])
def test_every_symptom_is_found_and_its_denial_too(term: str) -> None:
    symptom = next(one for one in symptoms() if one.flag == term)
    wording = symptom.pattern.pattern.split("(?:")[1].split("|")[0].replace("\\", "").rstrip(")b")
    assert [one.state for one in mentions([("caller", f"there is {wording} today")])] == ["present"]
    assert [one.state for one in mentions([("caller", f"never {wording}")])] == ["denied"]


def test_a_red_flag_names_its_line_and_makes_the_request_an_emergency(run: Callable) -> None:
    text = "Agent: How can I help?\nCaller: I'd like to make an appointment.\nCaller: I have chest pain, no fever."
    result = run(RequestAgent(), received_at=AT, transcript=text)
    assert (result.output.intent, result.output.urgency, result.output.red_flag) == ("book", "emergency", True)
    assert [(one.flag, one.line, one.text) for one in result.output.red_flags] == [
        ("chest_pain", 3, "I have chest pain, no fever.")
    ]
    assert result.evidence[0]["line"] == 3


def test_a_denied_symptom_is_told_but_is_no_red_flag(run: Callable) -> None:
    result = run(RequestAgent(), received_at=AT, transcript="Caller: I want to book an appointment. No chest pain.")
    assert (result.output.red_flag, result.output.denied, result.output.urgency) == (False, ["chest_pain"], "routine")


@pytest.mark.parametrize(
    ("said", "intent"),
    [
        ("I need to cancel my appointment", "cancel"),
        ("Can I move my appointment to another day?", "reschedule"),
        ("I'd like to make an appointment", "book"),
        ("I have a question about parking", "question"),
        ("There is a mistake in my bill, it is a billing complaint", "other"),
    ],
)
def test_the_intent_is_heard(run: Callable, said: str, intent: str) -> None:
    assert run(RequestAgent(), received_at=AT, transcript=f"Caller: {said}").output.intent == intent


def test_certainty_is_worked_out_as_the_readme_says() -> None:
    assert read("my bill", "intent").certainty == 0.75  # one wording of weight 2: 1 - 0.5 ** 2
    assert read("my bill. a question", "intent").certainty == 0.375  # half of all that was heard
    assert read("", "intent").certainty == 0.2


def test_a_form_says_what_is_wanted_unless_its_message_says_otherwise(run: Callable) -> None:
    form = {"intent": "book", "specialty": "dermatology", "message": "a rash"}
    assert run(RequestAgent(), received_at=AT, form=form).confidence == 0.98
    form["message"] = "I need to cancel my appointment"
    result = run(RequestAgent(), received_at=AT, form=form)
    assert (result.output.intent, result.confidence) == ("book", 0.5)


def test_a_red_flag_in_a_form_outweighs_its_urgency(run: Callable) -> None:
    result = run(RequestAgent(), received_at=AT, form={"intent": "cancel", "message": "I fainted"})
    assert (result.output.urgency, result.output.red_flag) == ("emergency", True)


@pytest.mark.parametrize(
    ("said", "part", "days", "not_before"),
    [
        ("mornings please", "morning", (), None),
        ("not mornings, afternoons please", "afternoon", (), None),
        ("before work on Tuesday or Friday", "early", ("tue", "fri"), None),
        ("any weekday but not before March 20", None, ("mon", "tue", "wed", "thu", "fri"), date(2026, 3, 20)),
        ("not before January 5", None, (), date(2027, 1, 5)),  # the next one from today on
        ("not before February 30", None, (), None),  # there is no such day
        ("not before next week", None, (), date(2026, 3, 9)),
    ],
)
def test_wishes_are_heard(said: str, part: str | None, days: tuple[str, ...], not_before: date | None) -> None:
    found = read_preferences(said, date(2026, 3, 2), ())
    assert (found.part_of_day, found.weekdays, found.not_before) == (part, days, not_before)


def test_only_a_provider_of_the_list_is_heard(run: Callable) -> None:
    text = "Caller: An appointment with Dr. Okafor please"
    assert run(RequestAgent(), {"providers": ["okafor"]}, received_at=AT, transcript=text).output.provider == "okafor"
    assert run(RequestAgent(), {"providers": ["holm"]}, received_at=AT, transcript=text).output.provider is None


def test_sure_readings_are_right_more_often_than_unsure_ones(run: Callable) -> None:
    """Confidence is honest: over the threshold of the pack at least 97 in 100 intents of sample calls are right."""
    meant = {"book": "book", "rescheduled": "reschedule", "cancelled": "cancel"}
    right = []
    for case in sample_cases(21, 300, today=date(2026, 3, 2)):
        if "transcript" in case["payload"] and case["truth"] in meant:
            result = run(RequestAgent(), received_at=AT, transcript=case["payload"]["transcript"])
            if result.confidence >= 0.6:
                right.append(result.output.intent == meant[case["truth"]])
    assert len(right) > 80
    assert sum(right) / len(right) >= 0.97


def test_an_empty_provider_is_an_error_of_the_configuration() -> None:
    agent = RequestAgent()
    assert agent.check(agent.Config()).ok
    assert not agent.check(agent.Config(providers=(" ",))).ok
