"""An outside party may know the secrets of a configuration; what it gives back of them is not kept."""

from typing import Any

import pytest

from orchestration.models import AgentRun, CaseEvent, Client
from orchestration.services import case as cases
from orchestration.services.answer import Answer, Misfit, TooLate
from orchestration.services.secret import set_secret
from tests.doorbells import answer
from tests.services.awaiting import Told, run_and_token, take_in
from tests.services.posting import post
from tests.services.test_secret import CONFIG, FIRST, SECOND, everything_stored
from tests.small_workflow import publish

pytestmark = pytest.mark.django_db

RIGHT = {"right": True}
GIVEN_BACK = {
    "summary": Answer(output=RIGHT, summary=f"logged in with {FIRST}"),
    "transcript": Answer(output=RIGHT, transcript=f"X-Key: {SECOND}"),
    "evidence": Answer(output=RIGHT, evidence=({"what": "key", "value": FIRST}, {"what": "kept"})),
    "error": Answer(error=f"no account for {FIRST}", permanent=True),
    "output": Answer(output={**RIGHT, "text": FIRST}),
}


@pytest.fixture(autouse=True)
def _left_to_others(monkeypatch: pytest.MonkeyPatch) -> None:
    set_secret(name="door", value=FIRST, note="", user=None)
    set_secret(name="gate", value=SECOND, note="", user=None)
    Told(monkeypatch)


def waiting() -> Any:
    case = post(publish(use="test.keeper", config=CONFIG, attempts=1), Client.objects.create(name="bank"))
    answer()
    return case


def is_kept() -> bool:
    stored = everything_stored()
    assert CONFIG["expected"] in stored  # so the search finds things
    return FIRST in stored or SECOND in stored


@pytest.mark.parametrize("place", ["summary", "transcript", "evidence", "error"])
def test_a_secret_in_what_people_read_is_left_out_of_an_answer(place: str) -> None:
    take_in(waiting(), GIVEN_BACK[place])
    run = AgentRun.objects.get()
    assert run.status == ("failed" if place == "error" else "succeeded")
    assert run.content.evidence == ([{"what": "kept"}] if place == "evidence" else [])
    assert not is_kept()


def test_an_output_with_a_secret_is_not_taken_in_and_another_may_be_sent() -> None:
    case = waiting()
    with pytest.raises(Misfit) as refused:
        take_in(case, GIVEN_BACK["output"])
    assert [problem.pointer for problem in refused.value.problems] == ["/output"]
    assert not is_kept()
    assert take_in(case, Answer(output=RIGHT)).status == "succeeded"


@pytest.mark.parametrize("place", GIVEN_BACK)
def test_what_comes_too_late_is_on_record_without_secrets(place: str) -> None:
    case = waiting()
    cases.cancel(case_id=case.pk, actor="client: bank")
    with pytest.raises(TooLate):
        take_in(case, GIVEN_BACK[place])
    assert CaseEvent.objects.filter(name="agent_run.answered_late").exists()
    assert not is_kept()


def test_a_token_in_an_answer_that_comes_too_late_is_not_kept() -> None:
    case = waiting()
    cases.cancel(case_id=case.pk, actor="client: bank")
    _, token = run_and_token(case)
    with pytest.raises(TooLate):
        take_in(case, Answer(output={**RIGHT, "text": token}))
    assert token not in everything_stored()
