"""An agent for tests of the configuration form: nested models, lists, choices, bounds, a map and a secret."""

from datetime import date
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, SecretStr, model_validator

from orchestration.plugin_api import Agent, AgentError, AgentResult, Health, Model


class Tone(StrEnum):
    FRIENDLY = "friendly"
    FORMAL = "formal"


class Login(Model):
    user: str = Field(min_length=2, description="As the post office knows it.")
    password: SecretStr


class Office(Model):
    name: str = Field(min_length=1, max_length=40)
    share: float = Field(default=0.5, ge=0, le=1, description="Its share of the letters.")
    open_on_saturdays: bool = False


class ByWords(Model):
    kind: Literal["words"] = Field(default="words", title="Kind")
    words: list[str] = Field(min_length=1)


class ByLength(Model):
    kind: Literal["length"] = Field(default="length", title="Kind")
    longest: int = Field(default=80, gt=0)


class Desk(Agent):
    """Answers letters at the desk of an office. It is sure of what it was told to be sure of."""

    name, version, title = "test.desk", "1.0", "Answers letters"

    class Input(Model):
        text: str

    class Config(Model):
        tone: Tone = Field(default=Tone.FRIENDLY, description="How it writes.")
        sureness: float = Field(default=0.9, ge=0, le=1, description="How sure it says it is.")
        login: Login
        offices: list[Office] = Field(default=[], max_length=3, title="Offices")
        sort: Annotated[ByWords | ByLength, Field(discriminator="kind", title="Sorted by")] = ByLength()
        stamps: dict[str, int] = Field(default={}, description="How many are left of each.")
        signature: str | None = Field(default=None, max_length=60)
        since: date | None = None

        @model_validator(mode="after")
        def shares(self) -> "Desk.Config":
            if sum(one.share for one in self.offices) > 1:
                raise ValueError("the offices together have more than all letters")
            return self

    class Output(Model):
        text: str
        length: int

    def run(self, request):
        if request.config.login.password.get_secret_value() == "wrong-password":
            raise AgentError("The post office does not know this password.")
        text = request.input.text
        return AgentResult(output=self.Output(text=text, length=len(text)), confidence=request.config.sureness)

    def check(self, config):
        if config.login.password.get_secret_value() == "wrong-password":
            cure = "Set the secret that the step names to the password of the post office's website."
            return Health(False, f"The post office does not know this password. {cure}")
        return Health(True, "The post office answers.")
