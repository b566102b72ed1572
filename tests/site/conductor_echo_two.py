"""The second version of `test.echo`, installed beside the first: less sure, and it takes a short text for longer."""

import time

from orchestration.plugin_api import Agent, AgentResult, Model


class Echo(Agent):
    name, version, title = "test.echo", "2.0", "Says back what it was given, again"

    class Input(Model):
        text: str

    class Config(Model):
        confidence: float = 0.85
        seconds: float = 0.0

    class Output(Model):
        text: str
        length: int

    def run(self, request):
        time.sleep(request.config.seconds)
        text = request.input.text
        length = len(text) + (len(text) < 3)
        return AgentResult(output=self.Output(text=text, length=length), confidence=request.config.confidence)
