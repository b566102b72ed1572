"""The agent that puts a prompt and a case's facts to a language model and gives back an answer of a fixed form."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field, JsonValue, model_validator

from orchestration.plugin_api import Agent, AgentError, AgentResult, Health, Model, Request

from .answer import Reply, Unusable, fit, read
from .certainty import from_logprobs
from .config import CONFIDENCE_FIELD, PLACE, Config, closed
from .endpoint import Endpoint, NotTaken
from .private import Private
from .question import mark_of, messages
from .structure import modes, parameters, with_confidence, without_nulls

_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}")
_FACTS: Final = 100
_SHOWN_TO_MEND: Final = 4_000
_SECONDS_TO_CHECK: Final = 5


class PromptAgent(Agent):
    name, version, title = "llm.prompt", "1.0", "Asks a language model"
    description = (
        "Puts a prompt and the facts you choose to a language model at any OpenAI-compatible endpoint. The answer has "
        "the form you set as a JSON Schema, and its fields become facts for rules."
    )
    deterministic = False
    Config = Config

    class Input(BaseModel):
        """Whatever facts the step maps: each under a name of letters, digits, _ and -."""

        model_config = ConfigDict(extra="allow", frozen=True)
        __pydantic_extra__: dict[str, JsonValue] = Field(init=False)

        @classmethod
        def __get_pydantic_json_schema__(cls, *_: Any) -> dict[str, Any]:
            return {}  # any fact may be mapped, none is taken unasked

        @model_validator(mode="after")
        def _has_good_names(self) -> PromptAgent.Input:
            names = list(self.model_extra or ())
            if len(names) > _FACTS:
                raise ValueError(f"more than {_FACTS} facts")
            if wrong := [name for name in names if not _NAME.fullmatch(name)]:
                raise ValueError(f"“{wrong[0][:64]}” is no name for a fact. Use letters, digits, _ and -.")
            return self

    class Output(Model):
        answer: str = Field(title="Answer")

    @classmethod
    def output_schema(cls, config: Mapping[str, Any]) -> dict[str, Any] | None:
        """The configured form, closed against fields it does not name."""
        form = config.get("output_schema")
        return None if form is None else closed(form)

    def run(self, request: Request[Any, Config]) -> AgentResult:
        """1. Hide what is private; put the facts into blocks.
        2. Ask, by the first way of asking for the form that the endpoint takes.
        3. Read, put back and check the answer; once, have the model mend it.
        """
        config, facts = request.config, dict(request.input.model_extra or {})
        _refuse_if_missing(config, facts)
        mark = mark_of(request.idempotency_key)
        private = Private(facts, config.private, mark)
        form = closed(config.output_schema) if config.output_schema is not None else self.Output.model_json_schema()
        schema = with_confidence(form) if config.confidence == "asked" else form
        talk = messages(config, private.hide(facts), schema, mark, hides=len(private) > 0)
        with Endpoint(config, deadline=request.deadline) as endpoint:
            told = _Conversation(endpoint, config, schema, talk, f"{request.idempotency_key}-{request.attempt}")
            try:
                document = told.answer(private)
            except AgentError as error:
                error.cost, error.transcript = told.cost(), told.transcript(failed=True)
                raise
        confidence = told.confidence(document)
        evidence = told.evidence(len(private))
        return AgentResult(document, confidence, told.summary(), evidence, told.transcript(), told.cost())

    def check(self, config: Config) -> Health:
        try:
            with Endpoint(config, deadline=datetime.now(UTC) + timedelta(seconds=_SECONDS_TO_CHECK)) as endpoint:
                offered = endpoint.models()
        except AgentError as error:
            return Health(False, error.message)
        except NotTaken as error:
            return Health(False, str(error))
        if not offered:
            return Health(True, "The endpoint answers. It lists no models, so the model's name was not checked.")
        if any(name == config.model or str(name).startswith(f"{config.model}:") for name in offered):
            return Health(True, details={"models": len(offered)})
        some = ", ".join(str(name)[:80] for name in offered[:5])
        return Health(False, f"The endpoint does not offer “{config.model}”. Set model to one it has, such as {some}.")


def _refuse_if_missing(config: Config, facts: Mapping[str, Any]) -> None:
    """A misspelt private fact would leave as it is, so one that is not there must be known to be optional."""
    for word, names in (("prompt", PLACE.findall(config.prompt)), ("private", map(_first, config.private))):
        if missing := sorted(set(names) - set(facts) - set(config.optional)):
            raise AgentError(
                f"“{word}” names the fact “{missing[0]}”, which is not there. Correct the name, map it under the "
                "step's input, or list it under “optional”.",
                permanent=True,
            )


def _first(path: str) -> str:
    return path.partition(".")[0]


class _Conversation:
    """What was asked and answered in one attempt."""

    def __init__(
        self, endpoint: Endpoint, config: Config, schema: dict[str, Any], talk: list[dict[str, str]], key: str
    ) -> None:
        self._endpoint, self._config, self._schema, self._talk, self._key = endpoint, config, schema, talk, key
        self._mode = ""
        self._replies: list[Reply] = []
        self._words = dict[str, Any]()

    def answer(self, private: Private) -> dict[str, Any]:
        """The document that fits, with what is private put back; the model's own confidence is still in it."""
        try:
            return self._read(self._ask(), private)
        except Unusable as fault:
            self._mend(fault)
        try:
            return self._read(self._ask(), private)
        except Unusable as fault:
            last = self._replies[-1].text
            said = f" It ended: {' '.join(last[-160:].split())}" if fault.kind in ("not JSON", "broken JSON") else ""
            raise AgentError(
                f"No usable answer from {self._config.model}, asked twice ({fault.kind}): {fault.wrong}.{said} "
                f"{fault.cure}".strip(),
                permanent=fault.permanent,
            ) from None

    def confidence(self, document: dict[str, Any]) -> float | None:
        """Takes the model's own confidence out of the document."""
        if self._config.confidence == "asked":
            return float(document.pop(CONFIDENCE_FIELD))
        if self._config.confidence == "logprobs":
            return from_logprobs(self._replies[-1].text, self._replies[-1].logprobs)
        return None

    def summary(self) -> str:
        shown = [
            f"{name}: {' '.join(str(value).split())[:80]}"
            for name, value in self._words.items()
            if isinstance(value, str | int | float) and name != CONFIDENCE_FIELD
        ]
        return f"{self._config.model} answered {'; '.join(shown[:3]) or 'in the form asked for'}."

    def evidence(self, hidden: int) -> tuple[dict[str, Any], ...]:
        last = self._replies[-1]
        entries = [
            {"what": "model", "value": last.model or self._config.model},
            {"what": "form asked for by", "value": self._mode},
            {"what": "tokens in", "value": self._tokens("tokens_in")},
            {"what": "tokens out", "value": self._tokens("tokens_out")},
            {"what": "cost", "value": self.cost()},
            {"what": "answers needed", "value": len(self._replies)},
        ]
        if self._config.confidence == "logprobs" and not last.logprobs:
            entries.append({"what": "confidence", "value": "the endpoint gave no token probabilities"})
        if hidden:
            entries.append({"what": "private values kept back", "value": hidden})
        return tuple(entries)

    def transcript(self, *, failed: bool = False) -> str:
        """What was sent and what came back; private values are placeholders. `failed`: also what it has used, since
        no evidence tells."""
        sent = [(one["role"], one["content"]) for one in self._talk if one["role"] != "assistant"]
        turns = sent[:2]
        for number, reply in enumerate(self._replies, 2):
            turns += [("assistant", reply.text or reply.refusal), *sent[number : number + 1]]
        if failed and self._replies:
            tokens = f"{self._tokens('tokens_in')} tokens in, {self._tokens('tokens_out')} tokens out"
            turns.append(("used", f"{len(self._replies)} answers, {tokens}, cost {self.cost():.10g}"))
        return "\n\n".join(f"[{role}]\n{text}" for role, text in turns)

    def cost(self) -> float:
        config = self._config
        millionths = self._sum("tokens_in") * config.price_in + self._sum("tokens_out") * config.price_out
        return round(millionths / 1_000_000, 10)

    def _ask(self) -> Reply:
        """By the way found before, or the first one the endpoint takes."""
        first: NotTaken | None = None
        for mode in [self._mode] if self._mode else modes(self._config):
            call = {**parameters(self._config, mode, self._schema), "messages": self._talk}
            try:
                reply = self._endpoint.ask(call, key=f"{self._key}-{len(self._replies) + 1}-{mode}")
            except NotTaken as fault:
                first = first or fault
                continue
            self._mode = mode
            self._replies.append(reply)
            return reply
        raise AgentError(f"{first} No way of asking for the form was taken.", permanent=True)

    def _read(self, reply: Reply, private: Private) -> dict[str, Any]:
        self._words = without_nulls(read(reply), self._schema)
        document: dict[str, Any] = private.restore(self._words)
        fit(document, self._schema)
        return document

    def _mend(self, fault: Unusable) -> None:
        said = self._replies[-1].text[:_SHOWN_TO_MEND] or "(nothing)"
        again = f"That cannot be used: {fault.wrong}. Answer again: one JSON object that fits the schema, nothing else."
        self._talk += [{"role": "assistant", "content": said}, {"role": "user", "content": again}]

    def _tokens(self, field: str) -> int | str:
        counted = all(reply.counted for reply in self._replies)
        return self._sum(field) if counted else "not told by the endpoint"

    def _sum(self, field: str) -> int:
        return sum(getattr(reply, field) for reply in self._replies)
