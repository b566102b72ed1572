"""Agents for tests of the state of agents: one that has secrets, one with a check, one that says when it ran."""

import os
import random
import time
from pathlib import Path

from pydantic import SecretStr

from orchestration.plugin_api import Agent, AgentError, AgentResult, Health, Model


class Account(Model):
    name: str = "main"
    token: SecretStr | None = None


class Keeper(Agent):
    """Knows whether it was given the right secrets, and does with them what the text says."""

    name, version, title = "test.keeper", "1.0", "Keeps secrets"

    class Input(Model):
        text: str

    class Config(Model):
        password: SecretStr
        accounts: list[Account] = []
        expected: str = ""

    class Output(Model):
        right: bool
        text: str = ""

    def run(self, request):
        config = request.config
        secrets = [config.password, *(one.token for one in config.accounts if one.token)]
        values = [one.get_secret_value() for one in secrets]
        told = " ".join(values)
        what = request.input.text
        if what == "print":
            print(told)
        if what == "raise":
            raise RuntimeError(f"refused {told}")
        if what == "refuse":
            raise AgentError(f"no account for {told}", permanent=True)
        return AgentResult(
            output=self.Output(right="|".join(values)[::-1] == config.expected, text=told if what == "output" else ""),
            confidence=0.95,
            summary=f"logged in with {told}" if what == "summary" else "fine",
            transcript=told if what == "transcript" else "",
            evidence=({"what": "key", "value": told}, {"what": "kept"}) if what == "evidence" else (),
        )

    def check(self, config):
        return Health(
            config.password.get_secret_value() == "open-sesame", f"tried {config.password.get_secret_value()}"
        )


class InlineKeeper(Keeper):
    """The same within the deciding step."""

    name, title, inline = "test.inline_keeper", "Keeps secrets nearby", True


class Patient(Agent):
    """Its health is configured."""

    name, version, title, inline = "test.patient", "1.0", "Is checked", True

    class Input(Model):
        text: str

    class Config(Model):
        mode: str = "well"
        message: str = ""

    class Output(Model):
        text: str

    def run(self, request):
        return AgentResult(output=self.Output(text=request.input.text), confidence=0.95)

    def check(self, config):
        if config.mode == "hang":
            time.sleep(600)
        if config.mode == "crash":
            os.kill(os.getpid(), 9)
        if config.mode == "exit":
            raise SystemExit(3)
        if config.mode == "raise":
            raise RuntimeError("no route")
        if config.mode == "pid":
            return Health(True, str(os.getpid()))
        return Health(config.mode == "well", config.message)


class Gauge(Agent):
    """Writes into a file when it began and ended; the text names the file. The first waits for the second to begin."""

    name, version, title = "test.gauge", "1.0", "Says when it ran"

    class Input(Model):
        text: str

    class Output(Model):
        text: str

    def run(self, request):
        ended, begun_there = Path(request.input.text), Path(f"{request.input.text}.begun")
        begun = time.monotonic()
        with begun_there.open("a") as file:
            file.write("begun\n")
        while len(begun_there.read_text().splitlines()) < 2 and time.monotonic() < begun + 15:
            time.sleep(0.01)
        time.sleep(random.uniform(0.05, 0.15))
        with ended.open("a") as file:
            file.write(f"{begun} {time.monotonic()}\n")
        return AgentResult(output=self.Output(text="done"), confidence=0.95)
