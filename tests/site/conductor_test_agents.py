"""Agents for tests, installed as any plugin would be: a distribution on the path with entry points."""

import json
import os
import signal
import urllib.request

from orchestration.plugin_api import Agent, AgentError, AgentResult, Model, Pending


class Echo(Agent):
    """Says back what it was given; its confidence is configured."""

    name, version, title, inline = "test.echo", "1.0", "Says back what it was given", True

    class Input(Model):
        text: str

    class Config(Model):
        confidence: float = 0.9
        cost: float = 0.0

    class Output(Model):
        text: str
        length: int

    def run(self, request):
        text = request.input.text
        return AgentResult(
            output=self.Output(text=text, length=len(text)),
            confidence=request.config.confidence,
            summary=f"Heard {text}",
            cost=request.config.cost,
        )


class Apart(Echo):
    """Echo, in a process of its own."""

    name, title, inline = "test.apart", "Says back from afar", False


class Flaky(Echo):
    """Fails the first `failures` attempts, then echoes."""

    name, title, inline = "test.flaky", "Fails at first", True

    class Config(Echo.Config):
        failures: int = 1

    def run(self, request):
        if request.attempt <= request.config.failures:
            raise AgentError(f"attempt {request.attempt} failed", retry_after=0.01, cost=request.config.cost)
        return super().run(request)


class Refusing(Echo):
    """Fails for good."""

    name, title, inline = "test.refusing", "Refuses", True

    def run(self, request):
        raise AgentError("no such account", permanent=True)


class Dying(Echo):
    """Kills its own process on the first `deaths` attempts, then echoes."""

    name, title, inline = "test.dying", "Kills its process", True

    class Config(Echo.Config):
        deaths: int = 1

    def run(self, request):
        if request.attempt <= request.config.deaths:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().run(request)


class Later(Echo):
    """Leaves the answer to an outside party and, where one is configured, tells it where to post it."""

    name, title, inline = "test.later", "Asks an outside party", False

    class Config(Model):
        party: str = ""
        expires_in: float = 3600.0

    def run(self, request):
        print(request)  # it is careless with what it was given
        if request.config.party:
            told = {
                "text": request.input.text,
                "attempt": request.attempt,
                "idempotency_key": request.idempotency_key,
                "callback": dict(request.callback),
            }
            call = urllib.request.Request(request.config.party, json.dumps(told).encode())
            urllib.request.urlopen(call, timeout=60).close()
        return Pending("The registry office answers by post", expires_in=request.config.expires_in)
