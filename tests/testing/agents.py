"""Agents that keep their promises, and one for each way of breaking one."""

import os
import random
from datetime import date
from typing import Any

from orchestration.plugin_api import Agent, AgentError, AgentResult, Health, Model, Pending

SENT: list[str] = []


class Greeter(Agent):
    name, version, title, inline = "acme.greeter", "1.0", "Writes a greeting", True

    class Input(Model):
        first_name: str

    class Config(Model):
        greeting: str = "Hello"

    class Output(Model):
        text: str

    def run(self, request: Any) -> AgentResult:
        if not request.input.first_name:
            raise AgentError("There is nobody to greet.", permanent=True)
        text = f"{request.config.greeting} {request.input.first_name}"
        return AgentResult(output=self.Output(text=text), confidence=1.0, summary="Greeted", cost=0.25)


class Nameless(Greeter):
    name = "nameless"


class Mistaken(Greeter):
    name = "acme.mistaken"

    def run(self, request: Any) -> Any:
        return AgentResult(output={"words": "none"})


class Unsure(Greeter):
    """Not permanent where trying again cannot help."""

    name = "acme.unsure"

    def run(self, request: Any) -> AgentResult:
        if not request.input.first_name:
            raise AgentError("There is nobody to greet.")
        return super().run(request)


class Moody(Greeter):
    name = "acme.moody"

    def run(self, request: Any) -> AgentResult:
        return AgentResult(output=self.Output(text=str(random.SystemRandom().random())), confidence=0.5)


class Frank(Moody):
    """As moody, but says so."""

    name, deterministic = "acme.frank", False


class Homesick(Greeter):
    """Depends on the process it runs in."""

    name = "acme.homesick"

    def run(self, request: Any) -> AgentResult:
        return AgentResult(output=self.Output(text=os.environ.get("SECRET_HOME", "abroad")))


class Sender(Greeter):
    """Sends a letter at each attempt, whatever the idempotency key."""

    name = "acme.sender"

    def run(self, request: Any) -> AgentResult:
        SENT.append(request.idempotency_key)
        return super().run(request)


class Mover(Greeter):
    name = "acme.mover"

    def run(self, request: Any) -> AgentResult:
        os.environ["ACME_WAS_HERE"] = "yes"
        return super().run(request)


class Speechless(Greeter):
    name = "acme.speechless"

    def check(self, config: Any) -> Health:
        return Health(False)


class Fainting(Greeter):
    name = "acme.fainting"

    def check(self, config: Any) -> Health:
        raise RuntimeError("no pulse")


class Flaky(Greeter):
    """Fails at the first attempt of each run."""

    name = "acme.flaky"

    def run(self, request: Any) -> AgentResult:
        if request.attempt == 1:
            raise AgentError("Not yet.")
        return super().run(request)


class Later(Greeter):
    """Leaves the greeting to somebody else."""

    name, inline = "acme.later", False

    class Output(Model):
        text: str
        on: date | None = None

    def run(self, request: Any) -> Any:
        SENT.append(dict(request.callback))
        return Pending("The herald greets", expires_in=3_600, transcript=f"asked {request.attempt}", cost=0.25)
