"""What an outside party may post as the result of a run: the form, as JSON Schema, and the answer that it comes to."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final

from orchestration.agents.text import ERROR_CHARACTERS, SUMMARY_CHARACTERS, TRANSCRIPT_CHARACTERS
from orchestration.api.problems import HttpProblem
from orchestration.facts import Problem, check_values
from orchestration.rules.schema import schema_problems, validator
from orchestration.services.answer import Answer

MOST_EVIDENCE: Final = 1_000
RESULT: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {
        "output": {"type": "object", "description": "Fits the output of the agent that waits for it."},
        "confidence": {"type": "number", "minimum": 0, "maximum": 1, "description": "How sure the output is."},
        "summary": {
            "type": "string", "maxLength": SUMMARY_CHARACTERS,
            "description": "One sentence for the person who reads the case.",
        },
        "evidence": {
            "type": "array", "maxItems": MOST_EVIDENCE, "items": {"type": "object"},
            "description": "What speaks for the output: `{what, value, …}`.",
        },
        "transcript": {
            "type": "string", "maxLength": TRANSCRIPT_CHARACTERS, "description": "What happened, line by line.",
        },
        "cost": {"type": "number", "minimum": 0, "description": "Money used, in the unit of the workflow's budget."},
    },
    "required": ["output"],
    "additionalProperties": False,
}  # fmt: skip
ERROR: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {
        "error": {
            "type": "object",
            "properties": {
                "message": {
                    "type": "string", "minLength": 1, "maxLength": ERROR_CHARACTERS,
                    "description": "What went wrong, for the person who reads the case.",
                },
                "permanent": {"type": "boolean", "description": "True: trying again cannot help."},
            },
            "required": ["message"],
            "additionalProperties": False,
        },
        "cost": {"type": "number", "minimum": 0, "description": "Money used all the same."},
    },
    "required": ["error"],
    "additionalProperties": False,
}  # fmt: skip

EXAMPLE: Final[dict[str, Any]] = {
    "output": {"registered": True, "since": "2019-04-02"},
    "confidence": 0.98,
    "summary": "Registered at this address since 2 April 2019",
    "evidence": [{"what": "entry", "value": "HRB 20316"}],
}
ERROR_EXAMPLE: Final[dict[str, Any]] = {"error": {"message": "There is no such company.", "permanent": True}}
TAKEN_IN: Final[dict[str, Any]] = {"id": "019aa7c2-5b1e-7d30-9f7e-3c1b2a4d5e6f", "status": "succeeded"}

_RESULT: Final = validator(RESULT)
_ERROR: Final = validator(ERROR)
_OPTIONAL: Final = ("confidence", "summary", "evidence", "transcript", "cost")


def posted_answer(document: Any) -> Answer:
    """The body of `POST /agent-runs/{id}/result`. Null is as good as leaving an optional field out. Answers 422 naming
    every place that is wrong."""
    if isinstance(document, dict):
        document = {name: value for name, value in document.items() if value is not None or name not in _OPTIONAL}
    is_error = isinstance(document, dict) and "error" in document
    _refuse(check_values(document) or schema_problems(_ERROR if is_error else _RESULT, document))
    if is_error:
        error = document["error"]
        cost = document.get("cost", 0.0)
        return Answer(error=error["message"], permanent=error.get("permanent", False), cost=cost)
    return Answer(**{**document, "evidence": tuple(document.get("evidence", ()))})


def _refuse(problems: list[Problem]) -> None:
    if problems:
        detail = "The body does not have the right form; `errors` names each place."
        raise HttpProblem(HTTPStatus.UNPROCESSABLE_ENTITY, "body-invalid", detail, errors=problems)
