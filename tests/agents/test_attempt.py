"""An attempt within this process: what goes in and out is checked, and nothing the agent raises comes out."""

import json
import threading
from collections.abc import Callable
from datetime import timedelta

import pytest

from orchestration.agents import text
from orchestration.agents.found import Found
from orchestration.agents.outcome import ERROR_KINDS, WRITTEN, Outcome
from orchestration.agents.registry import registry
from orchestration.agents.runner import check, not_installed, receive, run
from orchestration.plugin_api import AgentResult, Health

AgentThat = Callable[..., Found]


def attempt(found: Found, **given: object) -> Outcome:
    defaults = {
        "input": {"first_name": "Ada"},
        "config": {},
        "idempotency_key": "run-1",
        "attempt": 1,
        "timeout": timedelta(seconds=60),
        "isolate": False,
    }
    return run(found, **{**defaults, **given})  # type: ignore[arg-type]


def told(outcome: Outcome) -> tuple[str, str, bool]:
    assert outcome.status == "failed"
    assert outcome.output is None
    return outcome.error_kind, outcome.error, outcome.permanent


def test_a_good_attempt_gives_its_output_as_plain_json(greeter: Found) -> None:
    outcome = attempt(greeter, config={"greeting": "Good day"})
    assert (outcome.status, outcome.output, outcome.confidence) == ("succeeded", {"text": "Good day Ada"}, 1.0)
    assert (outcome.summary, outcome.error_kind, outcome.error, outcome.cost) == ("Greeted by first name", "", "", 0.0)
    assert outcome.duration > 0


def test_the_agent_sees_what_the_attempt_was_given(agent_that: AgentThat) -> None:
    found = agent_that(
        "return AgentResult(output={'text': f'{request.idempotency_key} {request.attempt} {request.callback}"
        " {(request.deadline - datetime.now(timezone.utc)).seconds // 60}'})",
        more="from datetime import datetime, timezone",
    )
    outcome = attempt(found, attempt=3, callback={"url": "x"}, timeout=timedelta(minutes=7, seconds=30))
    assert outcome.output == {"text": "run-1 3 {'url': 'x'} 7"}


MISFITS = [
    # what is given, the kind, what the text names
    ({"input": {}}, "input", "The input does not fit acme.greeter: first_name: Field required."),
    ({"input": {"first_name": 5}}, "input", "first_name: Input should be a valid string"),
    ({"input": {"first_name": "Ada", "age": 5}}, "input", "age: Extra inputs are not permitted"),
    ({"input": {"first_name": float("nan")}}, "input", "The input of acme.greeter is not JSON"),
    ({"input": {"first_name": "\ud800"}}, "input", "The input does not fit acme.greeter"),
    ({"input": {"first_name": object()}}, "input", "The input of acme.greeter is not JSON"),
    ({"input": None}, "input", "The input does not fit acme.greeter: the whole: Input should be an object."),
    (
        {"config": {"greeting": None}},
        "config",
        "The configuration does not fit acme.greeter: greeting: Input should",
    ),
]


@pytest.mark.parametrize(("given", "kind", "words"), MISFITS, ids=[words for _, _, words in MISFITS])
def test_what_does_not_fit_is_a_permanent_failure_that_names_the_field(
    greeter: Found, given: dict[str, object], kind: str, words: str
) -> None:
    outcome = attempt(greeter, **given)
    assert told(outcome) == (kind, outcome.error, True)
    assert words in outcome.error


def test_a_misfit_does_not_repeat_the_value_that_was_seen(greeter: Found) -> None:
    assert "90210" not in attempt(greeter, input={"first_name": 90210, "90210": 1}).error.replace("90210: Extra", "")


RUBBISH = [
    # body of run, what the text says
    ("return None", "acme.greeter returned a NoneType, not an AgentResult."),
    ("return {'text': 'x'}", "acme.greeter returned a dict, not an AgentResult."),
    ("async def later(): pass\nreturn later()", "acme.greeter returned a coroutine, not an AgentResult."),
    (
        "return AgentResult(output=None)",
        "The output does not fit acme.greeter: the whole: Input should be a valid",
    ),
    ("return AgentResult(output={'tekst': 'x'})", "text: Field required; tekst: Extra inputs are not permitted."),
    ("return AgentResult(output={'text': 'a' * 60_001})", "The output is out of limits: /text is longer than 60,000"),
    ("return AgentResult(output={'text': 'a' * 2_000_000})", "The output is longer than 1,048,576 bytes: 2,000,011"),
    ("return AgentResult(output={'text': 'x\\ud800'})", "The output "),
    ("return AgentResult(output={'text': 'x\\0'})", "The output holds a NUL character"),
    ("return AgentResult(output=self.Output.model_construct(text=5))", "cannot be written as JSON: Pydantic"),
    ("return AgentResult(output=self.Config())", "text: Field required"),
    ("return AgentResult(output={'text': ''}, confidence=float('nan'))", "The confidence is nan, not None or a number"),
    ("return AgentResult(output={'text': ''}, confidence=1.01)", "The confidence is 1.01, not"),
    ("return AgentResult(output={'text': ''}, confidence=-0.1)", "The confidence is -0.1, not"),
    ("return AgentResult(output={'text': ''}, confidence='high')", "The confidence is 'high', not"),
    ("return AgentResult(output={'text': ''}, confidence=True)", "The confidence is True, not"),
    ("return AgentResult(output={'text': ''}, cost=-1)", "The cost is -1, not"),
    ("return AgentResult(output={'text': ''}, cost=float('inf'))", "The cost is inf, not"),
    ("return AgentResult(output={'text': ''}, evidence='seen')", "The evidence is a str, not a list of mappings."),
    ("return AgentResult(output={'text': ''}, evidence=[1])", "An entry of the evidence is a int, not a mapping."),
]


@pytest.mark.parametrize(("body", "words"), RUBBISH, ids=[body[:60] for body, _ in RUBBISH])
def test_rubbish_is_a_failure_that_may_pass(agent_that: AgentThat, body: str, words: str) -> None:
    outcome = attempt(agent_that(body))
    assert told(outcome) == ("output", outcome.error, False)
    assert words in outcome.error


def test_not_a_number_in_the_output_is_refused_not_written_as_null(agent_that: AgentThat) -> None:
    found = agent_that("return AgentResult(output=Half(text='x', number=float('nan')))", more="class Half: pass")
    found.cls.run.__globals__["Half"] = found.cls.Output = type(
        "Half", (found.cls.Output,), {"__annotations__": {"number": float}, "__module__": __name__}
    )
    assert told(attempt(found)) == ("output", "The output is out of limits: /number is not a finite number.", False)


BARE = "raise type('Bare', (AgentError,), {'__init__': lambda self: None})()"
DEEP = "RecursionError: maximum recursion depth exceeded"
RAISED = [
    # body of run, outcome's kind, error, permanent, retry_after
    ("raise AgentError('No such account', permanent=True)", ("agent", "No such account", True, None)),
    ("raise AgentError('Try later', retry_after=30)", ("agent", "Try later", False, 30.0)),
    ("raise AgentError('Odd', retry_after=float('nan'))", ("agent", "Odd", False, None)),
    ("raise AgentError('Odd', retry_after=-3)", ("agent", "Odd", False, None)),
    ("raise AgentError('')", ("agent", "The agent failed without saying why.", False, None)),
    (BARE, ("agent", "The agent failed without saying why.", False, None)),
    ("return 1 / 0", ("exception", "ZeroDivisionError: division by zero", False, None)),
    ("raise KeyError", ("exception", "KeyError", False, None)),
    ("raise BaseException('deep')", ("exception", "BaseException: deep", False, None)),
    ("raise type('Mute', (Exception,), {'__str__': lambda self: 1 / 0})()", ("exception", "Mute", False, None)),
    ("def down(): return down()\nreturn down()", ("exception", DEEP, False, None)),
    ("raise MemoryError", ("memory", "The agent ran out of memory.", False, None)),
    ("import sys; sys.exit(3)", ("exited", "The agent tried to end its process with exit status 3.", False, None)),
]


@pytest.mark.parametrize(("body", "expected"), RAISED, ids=[body[:60] for body, _ in RAISED])
def test_whatever_the_agent_raises_becomes_an_outcome(
    agent_that: AgentThat, body: str, expected: tuple[object, ...]
) -> None:
    outcome = attempt(agent_that(body))
    assert (outcome.error_kind, outcome.error, outcome.permanent, outcome.retry_after) == expected


def test_a_constructor_that_raises_is_a_failure_of_the_attempt(agent_that: AgentThat) -> None:
    found = agent_that("return 1", more="def fail(self): raise OSError('no model file')")
    found.cls.__init__ = found.cls.run.__globals__["fail"]  # type: ignore[misc]
    assert told(attempt(found)) == ("exception", "OSError: no model file", False)


def test_a_keyboard_interrupt_outside_the_main_thread_is_the_agents_own(agent_that: AgentThat) -> None:
    found = agent_that("raise KeyboardInterrupt")
    outcomes: list[Outcome] = []
    thread = threading.Thread(target=lambda: outcomes.append(attempt(found)))
    thread.start()
    thread.join()
    assert told(outcomes[0]) == ("exception", "KeyboardInterrupt", False)


def test_an_exception_tells_where_but_not_with_what(agent_that: AgentThat) -> None:
    outcome = attempt(agent_that("name = 'secret-' + 'local'\nreturn name + 1"))
    assert outcome.error.startswith("TypeError: ")
    assert outcome.transcript.splitlines()[0] == "TypeError, raised at (innermost last):"
    assert "acme_greeter.py" in outcome.transcript.splitlines()[-1]
    assert "secret-" not in outcome.transcript


def test_secrets_are_kept_out_of_what_is_told(agent_that: AgentThat, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACME_API_KEY", "sk-0123456789")
    text._environment_secrets.cache_clear()
    found = agent_that(
        "raise ValueError('sk-0123456789 postgres://u:hunter22@db/x Authorization: Bearer abcdefghijklmnop ' "
        "+ request.config.greeting.get_secret_value())",
        more="from pydantic import SecretStr",
    )
    source = found.cls.Config
    found = _with_secret_greeting(found)
    outcome = attempt(found, config={"greeting": "open-sesame"})
    text._environment_secrets.cache_clear()
    assert source is not found.cls.Config
    assert outcome.error == (
        "ValueError: [ACME_API_KEY] postgres://u:[secret]@db/x Authorization: Bearer [secret] [secret]"
    )


def _with_secret_greeting(found: Found) -> Found:
    from dataclasses import replace

    from pydantic import BaseModel, SecretStr

    class Config(BaseModel):
        greeting: SecretStr

    found.cls.Config = Config
    return replace(found, config_schema=Config.model_json_schema())


def test_a_result_that_comes_too_late_is_a_failure(agent_that: AgentThat) -> None:
    found = agent_that("import time; time.sleep(0.2)\nreturn AgentResult(output={'text': ''}, transcript='slept')")
    outcome = attempt(found, timeout=timedelta(seconds=0.1))
    assert (outcome.status, outcome.error_kind, outcome.permanent) == ("failed", "time-limit", False)
    assert outcome.error.endswith("seconds, longer than its 0.1.")
    assert outcome.transcript == "slept"


def test_long_words_are_cut_with_a_mark_and_made_storable(agent_that: AgentThat) -> None:
    found = agent_that(
        "return AgentResult(output={'text': ''}, summary='s' * 5000, transcript='first' + 't' * 1_000_000 + 'last',"
        " evidence=[{'what': 'good', 'value': b'x'}, {'what': 'e' * 70_000}, {'what': float('nan'), 'n': '\\ud800'}])"
    )
    outcome = attempt(found)
    assert outcome.status == "succeeded"
    assert len(outcome.summary) <= 1_000
    assert len(outcome.transcript) <= 64_000
    assert outcome.transcript.startswith("firstttt")
    assert outcome.transcript.endswith("tttlast")
    assert "characters left out …]" in outcome.transcript
    assert outcome.evidence == (
        {"what": "good", "value": "x"},
        {"what": "left out", "value": "2 entries too long or not storable"},
    )
    assert attempt(agent_that_says(found, "a\x00b\ud800")).summary == "a\ufffdb\ufffd"


def agent_that_says(found: Found, summary: str) -> Found:
    found.cls.run = lambda self, request: AgentResult(output={"text": ""}, summary=summary)  # type: ignore[method-assign]
    return found


def test_pending_is_taken_where_there_is_a_callback_to_post_to(agent_that: AgentThat) -> None:
    found = agent_that("return Pending('The registry office answers by post', expires_in=60)")
    outcome = attempt(found, callback={"url": "https://example.org", "token": "t"})
    assert (outcome.status, outcome.summary, outcome.expires_in) == (
        "pending",
        "The registry office answers by post",
        60.0,
    )
    kind, error, permanent = told(attempt(found))
    assert (kind, permanent) == ("output", True)
    assert "no callback" in error


@pytest.mark.parametrize("seconds", ["0", "-1", "float('inf')", "'soon'", "None"])
def test_pending_must_expire(agent_that: AgentThat, seconds: str) -> None:
    outcome = attempt(agent_that(f"return Pending('x', expires_in={seconds})"), callback={"url": "x"})
    assert (outcome.status, outcome.error_kind) == ("failed", "output")


def test_a_posted_result_is_checked_like_a_returned_one(greeter: Found) -> None:
    assert receive(greeter, AgentResult(output={"text": "x"}, confidence=0.5)).output == {"text": "x"}
    assert told(receive(greeter, AgentResult(output={"text": "x"}, confidence=2)))[0] == "output"
    assert told(receive(greeter, AgentResult(output={})))[1].endswith("text: Field required.")


def test_an_agent_that_is_not_there_has_an_outcome_too() -> None:
    outcome = not_installed("kyc.adress", registry())
    assert told(outcome) == ("not-installed", registry().why_not("kyc.adress"), False)


def test_check_answers_with_health_whatever_the_agent_does(greeter: Found) -> None:
    assert check(greeter, config={}) == Health(True)
    assert check(greeter, config={"greeting": 1}).message == (
        "The configuration does not fit acme.greeter: greeting: Input should be a valid string."
    )
    greeter.cls.check = lambda self, config: 1 / 0  # type: ignore[method-assign, return-value, assignment]
    assert check(greeter, config={}) == Health(
        False, "acme.greeter could not check itself: ZeroDivisionError: division by zero"
    )
    greeter.cls.check = lambda self, config: None  # type: ignore[method-assign, return-value, assignment]
    assert check(greeter, config={}) == Health(False, "`check` of acme.greeter returned a NoneType, not a Health.")


def test_every_outcome_survives_being_written_and_read() -> None:
    for kind in ERROR_KINDS:
        outcome = Outcome("failed", error_kind=kind, error="…", evidence=({"a": [1]},), retry_after=1.5)  # type: ignore[arg-type]
        assert WRITTEN.validate_json(WRITTEN.dump_json(outcome)) == outcome
        assert json.loads(WRITTEN.dump_json(outcome))["error_kind"] == kind
