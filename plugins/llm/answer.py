"""Reads an answer: one JSON object that fits the schema, or what is wrong with it in words a model can act on."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, Final

import jsonschema_rs

_THOUGHT: Final = re.compile(r"\A\s*<think>.*?</think>\s*", re.DOTALL)
_FENCED: Final = re.compile(r"\A```[A-Za-z0-9]*[ \t]*\n(.*)\n?```\Z", re.DOTALL)
_PROBLEMS_SHOWN: Final = 8


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back: the answer's text, or a tool's arguments, and how the endpoint says it ended."""

    text: str
    finish: str = ""
    refusal: str = ""
    logprobs: tuple[Any, ...] = ()
    tokens_in: int = 0
    tokens_out: int = 0
    counted: bool = False
    """Whether the endpoint told how many tokens there were."""
    model: str = ""


class Unusable(Exception):
    """An answer that cannot be taken. `kind` is one word for people; `cure` is for the analyst."""

    def __init__(self, kind: str, wrong: str, cure: str = "", *, permanent: bool = False) -> None:
        super().__init__(wrong)
        self.kind, self.wrong, self.cure, self.permanent = kind, wrong, cure, permanent


def read(reply: Reply) -> dict[str, Any]:
    """The JSON object in the reply. Raises Unusable."""
    if reply.refusal:
        raise Unusable("refusal", f"the model refused: {_cut(reply.refusal)}", permanent=True)
    if reply.finish == "content_filter":
        raise Unusable("filtered", "the endpoint's content filter held the answer back", permanent=True)
    text = _THOUGHT.sub("", reply.text).strip().removeprefix("\ufeff").strip()
    if reply.finish == "length":
        raise Unusable("cut off", "the answer was cut off at max_tokens", "Raise max_tokens.", permanent=True)
    if not text:
        raise Unusable("empty", "the answer was empty")
    if fenced := _FENCED.match(text):
        text = fenced[1].strip()
    try:
        document = json.loads(text, parse_constant=_no_constant)
    except RecursionError:
        raise Unusable("not JSON", "the answer is nested too deeply") from None
    except ValueError as error:
        if text.startswith(("{", "[")):
            raise Unusable("broken JSON", f"the answer is broken JSON: {_cut(str(error))}") from None
        raise Unusable("not JSON", "the answer is prose, not one JSON object") from None
    if not isinstance(document, dict):
        raise Unusable("not JSON", f"the answer is a JSON {_KINDS[type(document)]}, not an object")
    return document


def fit(document: dict[str, Any], schema: dict[str, Any]) -> None:
    """Raises Unusable with every place that does not fit; the values seen are not repeated."""
    fitting = jsonschema_rs.Draft202012Validator(
        schema, validate_formats=True, pattern_options=jsonschema_rs.RegexOptions(), mask="the value"
    )
    found = []
    for error in fitting.iter_errors(document):
        found.append(f"{'.'.join(map(str, error.instance_path)) or 'the answer'}: {_cut(error.message)}")
        if len(found) == _PROBLEMS_SHOWN:
            break
    if found:
        raise Unusable("other form", f"the answer does not fit the schema: {'; '.join(found)}")


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _cut(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 300 else text[:299] + "…"


_KINDS: Final = {list: "list", str: "text", int: "number", float: "number", bool: "boolean", type(None): "null"}
