"""What an analyst sets up for a prompt: the endpoint, the words, the form of the answer, and the limits."""

from __future__ import annotations

import re
from typing import Annotated, Any, Final, Literal

import jsonschema_rs
from pydantic import Field, SecretStr, StringConstraints, field_validator

from orchestration.plugin_api import Model

CONFIDENCE_FIELD: Final = "answer_confidence"
"""The field in which a model tells how sure it is; it never reaches the output."""
PLACE: Final = re.compile(r"\{\{\s*([A-Za-z_][A-Za-z0-9_-]{0,63})\s*\}\}")
"""Where a prompt names a fact, as in {{ message }}."""
_BRACES: Final = re.compile(r"\{\{.*?\}\}", re.DOTALL)
_JOINED: Final = ("$ref", "allOf", "anyOf", "oneOf", "if", "patternProperties", "additionalProperties")

FactName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_-]{0,63}$")]
FactPath = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\s.]+(\.[^\s.]+)*$")]
Structure = Literal["auto", "json_schema", "tool", "json_object", "text"]


class Config(Model):
    base_url: str = Field(
        max_length=2_000,
        pattern=r"^https?://[^\s/@?#]+[^\s@?#]*$",
        title="Address of the endpoint",
        description="Up to and with the version, such as https://api.openai.com/v1 or http://localhost:11434/v1.",
    )
    api_key: SecretStr = Field(
        default=SecretStr(""), max_length=2_000, title="API key", description="Leave it empty where none is needed."
    )
    model: str = Field(min_length=1, max_length=200, title="Model", description="Its name at the endpoint.")
    system: str = Field(
        default="",
        max_length=20_000,
        title="Standing instructions",
        description="Who the model is and what it must heed. No fact stands here.",
    )
    prompt: str = Field(
        min_length=1,
        max_length=20_000,
        title="Prompt",
        description="What is asked. {{ name }} stands for a fact of the step's input; other facts follow below it.",
    )
    optional: tuple[FactName, ...] = Field(
        default=(),
        max_length=100,
        title="Facts that may be missing",
        description="Any other fact that the prompt or “Facts that stay here” names must be there, or the step fails.",
    )
    output_schema: dict[str, Any] | None = Field(
        default=None,
        title="Form of the answer (JSON Schema)",
        description="Its fields become facts for rules. Empty: one field “answer” with a text.",
    )
    structure: Structure = Field(
        default="auto",
        title="How the form is asked for",
        description="auto tries json_schema, tool, json_object and text in turn, and keeps the first one taken.",
    )
    confidence: Literal["asked", "logprobs", "none"] = Field(
        default="asked",
        title="Where the confidence comes from",
        description="asked: the model tells it. logprobs: from the probabilities of its words, where the endpoint "
        "gives them. none: no confidence.",
    )
    private: tuple[FactPath, ...] = Field(
        default=(),
        max_length=100,
        title="Facts that stay here",
        description="Name of a fact, or a path below it such as applicant.name. Placeholders are sent instead.",
    )
    temperature: float | None = Field(
        default=0.0,
        ge=0,
        le=2,
        title="Temperature",
        description="0 gives the steadiest answers. Empty: not sent, as some models demand.",
    )
    seed: int | None = Field(
        default=None, ge=0, lt=2**31, title="Seed", description="For endpoints that repeat an answer by it."
    )
    max_tokens: int = Field(default=1_000, ge=1, le=100_000, title="Longest answer in tokens")
    max_input_characters: int = Field(
        default=50_000,
        ge=100,
        le=1_000_000,
        title="Longest question in characters",
        description="With all facts and instructions. A longer one is not sent.",
    )
    timeout: float = Field(default=60.0, gt=0, le=600, title="Seconds to wait for an answer")
    retries: int = Field(
        default=1,
        ge=0,
        le=5,
        title="Further tries within one attempt",
        description="After a fault that may pass: busy, broken or out of reach.",
    )
    price_in: float = Field(
        default=0.0, ge=0, le=1e6, title="Price of a million tokens in", description="In the workflow's money."
    )
    price_out: float = Field(
        default=0.0, ge=0, le=1e6, title="Price of a million tokens out", description="In the workflow's money."
    )

    @field_validator("prompt")
    @classmethod
    def _names_facts(cls, text: str) -> str:
        for found in _BRACES.findall(text):
            if not PLACE.fullmatch(found):
                raise ValueError(f"{found[:40]} names no fact. Write {{{{ name }}}}: letters, digits, _ and -.")
        return text

    @field_validator("output_schema")
    @classmethod
    def _is_usable(cls, schema: dict[str, Any] | None) -> dict[str, Any] | None:
        if schema is not None:
            closed(schema)
            try:
                jsonschema_rs.Draft202012Validator(
                    schema,
                    validate_formats=True,
                    pattern_options=jsonschema_rs.RegexOptions(),
                    retriever=_not_followed,
                )
            except (ValueError, jsonschema_rs.ValidationError) as error:
                raise ValueError(f"is not JSON Schema: {str(error)[:200]}") from None
        return schema


def _not_followed(address: str) -> Any:
    raise ValueError(f"{address} is outside of the schema")


def closed(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema whose objects take no field that they do not name, so that an answer can slip nothing in.

    An object that is open on purpose (`additionalProperties`) or put together from parts stays as it is.
    Raises ValueError for one that cannot be an answer's.
    """
    if schema.get("type") != "object":
        raise ValueError('the form of the answer needs the type "object", since facts have names')
    if CONFIDENCE_FIELD in (schema.get("properties") or {}):
        raise ValueError(f"the field {CONFIDENCE_FIELD} is for the model's own confidence; choose another name")
    return _closed(schema)


def _closed(schema: Any) -> Any:
    if not isinstance(schema, dict):
        return schema
    made = dict(schema)
    if isinstance(schema.get("properties"), dict):
        made["properties"] = {name: _closed(below) for name, below in schema["properties"].items()}
        if not any(word in schema for word in _JOINED):
            made["additionalProperties"] = False
    if isinstance(schema.get("items"), dict):
        made["items"] = _closed(schema["items"])
    if isinstance(schema.get("$defs"), dict):
        made["$defs"] = {name: _closed(below) for name, below in schema["$defs"].items()}
    return made
