"""The whole public contract of an agent plugin. Readable in five minutes; imports no Django.

A plugin is an ordinary Python package with an entry point in the group `conductor.agents` whose value is
an `Agent` subclass:

    [project.entry-points."conductor.agents"]
    "acme.greeter" = "acme_greeter:Greeter"

    class Greeter(Agent):
        name, version, title = "acme.greeter", "1.0", "Writes a greeting"

        class Input(Model):
            first_name: str

        class Config(Model):
            greeting: str = "Hello"

        class Output(Model):
            text: str

        def run(self, request):
            text = f"{request.config.greeting} {request.input.first_name}"
            return AgentResult(output=self.Output(text=text), confidence=1.0, summary="Greeted by first name")
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Final, Generic, TypeVar

from pydantic import BaseModel, ConfigDict

API_VERSION: Final = 1
"""Version of this contract. An agent built for another one is listed with that reason and never run."""

DEPRECATED: Final[Mapping[str, str]] = {}
"""Names such as "Pending" or "Agent.inline" that the next API version takes away, each with what to use instead."""


class Model(BaseModel):
    """Base for an agent's `Input`, `Config` and `Output`: unknown fields are refused, values are frozen."""

    model_config = ConfigDict(extra="forbid", frozen=True)


InputT = TypeVar("InputT", bound=BaseModel)
ConfigT = TypeVar("ConfigT", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Request(Generic[InputT, ConfigT]):
    """One attempt's work: plain data, never a database row.

    `input` and `config` are instances of the agent's models. `idempotency_key` is the same on every attempt
    of one run: hand it to outside services so that a repeated call has no second effect. `attempt` counts
    from 1. `deadline` (aware, UTC) is when the attempt is given up. `callback` is there only where the agent
    may return `Pending`: the `url` that an outside party posts to, and the one-time `token` that lets it in.
    """

    input: InputT
    config: ConfigT
    idempotency_key: str
    attempt: int
    deadline: datetime
    callback: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class AgentResult:
    """What an agent found.

    `output`: an `Output`, or a mapping that fits it. `confidence`: 0 to 1 (how sure the agent is of the
    output), or None where the notion makes no sense. `summary`: one sentence for the person who reads the
    case page. `evidence`: `{what, value, weight…}` entries behind the answer. `transcript`: what happened,
    line by line. `cost`: money used, in the unit of the workflow's budget.

    Limits: the output is at most 1 MiB of JSON nested to 200 levels, with strings to 60,000 bytes and finite
    numbers within ±2^53; beyond them the attempt has failed. Of a `summary` 1,000 characters are kept, of a
    `transcript` 64,000 (head and tail), of the `evidence` the entries that fit into 64 KiB.
    """

    output: BaseModel | Mapping[str, Any]
    confidence: float | None = None
    summary: str = ""
    evidence: tuple[Mapping[str, Any], ...] = ()
    transcript: str = ""
    cost: float = 0.0


@dataclass(frozen=True, slots=True)
class Pending:
    """Returned instead of a result: an outside party will post the result to the request's callback.

    `note` tells the reader of the case page who is being waited for. `expires_in`: seconds until the run
    is given up as failed, 90 days at most. `transcript` and `cost` are those of an `AgentResult`, as far as
    they go by now: the posted answer adds its own to both, and where none comes in time they stand. An answer
    that is posted before this is returned ends the run, without them.

    The party posts JSON to `callback["url"]`, with the header `Authorization: Bearer <callback["token"]>`:
    `{"output": {…}}` and, as it likes, `confidence`, `summary`, `evidence`, `transcript` and `cost`, as in an
    `AgentResult`; or `{"error": {"message": "…", "permanent": true}}`, with `cost` beside `error`.
    """

    note: str
    expires_in: float = 86_400.0
    transcript: str = ""
    cost: float = 0.0


@dataclass(frozen=True, slots=True)
class Health:
    """Answer of `check`: `ok`, and where it is not, in `message` one sentence that names the fault and its cure.
    `details` may hold more, as plain JSON."""

    ok: bool
    message: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)


class AgentError(Exception):
    """A failure the agent can name.

    `permanent`: trying again cannot help (bad input, no such account). Otherwise the run is tried again,
    after `retry_after` seconds where given, up to the step's number of attempts. `cost`: money that the failed
    attempt used all the same; `transcript`: what happened until then, line by line. Of the `message` 2,000
    characters are kept.
    """

    def __init__(
        self,
        message: str,
        *,
        permanent: bool = False,
        retry_after: float | None = None,
        cost: float = 0.0,
        transcript: str = "",
    ) -> None:
        super().__init__(message)
        self.message = message
        self.permanent = permanent
        self.retry_after = retry_after
        self.cost = cost
        self.transcript = transcript


class Agent:
    """One kind of work. Subclass it, set the class attributes, implement `run`.

    An instance may be used for many runs and by many threads: keep what a run needs in local variables.
    """

    api_version: ClassVar[int] = API_VERSION
    """The version of this contract that the agent was written for: write the number out."""
    name: ClassVar[str]
    """Unique, `plugin.agent`, lower case; the entry point's name."""
    version: ClassVar[str]
    """Raised whenever the same input could give another output; a finished run keeps the version it had."""
    title: ClassVar[str]
    """What the agent does, in a few words a business analyst understands."""
    description: ClassVar[str] = ""
    """The same in a sentence or two, where the title leaves something open."""
    inline: ClassVar[bool] = False
    """True for a fast (milliseconds), local, trusted agent: it runs within the deciding step under a soft
    time limit. Anything that calls out or may hang leaves this False and runs in a process of its own."""

    deterministic: ClassVar[bool] = True
    """False where the same input may give another output: a language model, a live service."""

    Input: ClassVar[type[BaseModel]]
    """What a run is given. What does not fit fails the run for good, before `run` is called."""
    Config: ClassVar[type[BaseModel]] = Model
    """What an administrator sets up: the fields are the form. A field of type pydantic's `SecretStr` is a secret:
    versions hold only its name, as `{"secret": "register-token"}`; the value is put in right before `run`
    (`request.config.token.get_secret_value()`), and taken out of all that the agent tells."""
    Output: ClassVar[type[BaseModel]]
    """What a run finds: the fields are facts, `agents.<step>.output.<field>`, that rules may read."""

    @classmethod
    def output_schema(cls, config: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """JSON Schema (2020-12, type "object") of the output, where that depends on the configuration.

        None: the output is an `Output`, whatever the configuration. `config` is plain JSON as the version
        holds it: not yet checked, without defaults, a secret perhaps by name only. Asked when a step is
        saved, so that rules may name the facts, and before each attempt, whose output must then fit.
        """
        return None

    def run(self, request: Request[Any, Any]) -> AgentResult | Pending:
        """Do the work. Raise `AgentError` for a failure you can name; any other exception is a failure too."""
        raise NotImplementedError

    def check(self, config: Any) -> Health:
        """Can this agent work with this configuration now? Fast, without effect."""
        return Health(ok=True)


__all__ = [
    "API_VERSION",
    "DEPRECATED",
    "Agent",
    "AgentError",
    "AgentResult",
    "Health",
    "Model",
    "Pending",
    "Request",
]
