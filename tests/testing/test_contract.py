"""The contract suite: an agent that keeps its promises passes, and each broken promise is told, with the cure."""

from typing import Any

import pytest

from orchestration.plugin_api import Agent
from orchestration.testing import BrokenPromise, check_agent, promises

from . import agents

ADA = {"first_name": "Ada"}


@pytest.mark.slow
@pytest.mark.parametrize("promise", promises(agents.Greeter, inputs=[ADA], failing=[{"first_name": ""}]), ids=str)
def test_an_agent_that_keeps_its_promises_passes_each(promise: Any) -> None:
    promise()


BROKEN = [
    (agents.Nameless, {}, "is an agent", '"nameless" is not a name for an agent'),
    (agents.Mistaken, {}, "answers", "The output does not fit acme.mistaken"),
    (agents.Unsure, {"failing": [{"first_name": ""}]}, "refuses what does not fit", "permanent=True"),
    (agents.Greeter, {"failing": [ADA]}, "refuses what does not fit", "gave succeeded"),
    (agents.Moody, {}, "repeats itself", "declare `deterministic = False`"),
    (agents.Sender, {"effects": lambda: len(agents.SENT)}, "does things once", "hand on the idempotency key"),
    (agents.Mover, {}, "leaves the rest alone", "it changed the environment"),
    (agents.Speechless, {}, "checks itself", "not why"),
    (agents.Fainting, {}, "checks itself", "RuntimeError: no pulse"),
]


@pytest.mark.parametrize(("agent", "more", "name", "told"), BROKEN)
def test_a_broken_promise_is_told(
    agent: type[Agent], more: dict[str, Any], name: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ACME_WAS_HERE", raising=False)
    (promise,) = [one for one in promises(agent, inputs=[ADA], **more) if one.name == name]
    with pytest.raises(BrokenPromise) as error:
        promise()
    assert told in str(error.value)
    assert name in str(error.value)
    monkeypatch.delenv("ACME_WAS_HERE", raising=False)


def test_an_agent_that_says_it_does_not_repeat_itself_need_not() -> None:
    (promise,) = [one for one in promises(agents.Frank, inputs=[ADA]) if one.name == "repeats itself"]
    promise()


@pytest.mark.slow
def test_an_agent_that_depends_on_its_process_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_HOME", "at home")
    with pytest.raises(BrokenPromise) as error:
        check_agent(agents.Homesick, inputs=[ADA])
    assert "acme.homesick is alike in a process of its own" in str(error.value)
    assert "'abroad'" in str(error.value)


def test_a_class_that_no_other_process_can_import_is_told() -> None:
    class Hidden(agents.Greeter):
        name = "acme.hidden"

    (promise,) = [one for one in promises(Hidden, inputs=[ADA]) if "process" in one.name]
    with pytest.raises(BrokenPromise, match="at the top of a module"):
        promise()


def test_without_an_input_nothing_is_promised() -> None:
    with pytest.raises(ValueError, match="at least one input"):
        promises(agents.Greeter, inputs=[])
