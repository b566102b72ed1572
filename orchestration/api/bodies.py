"""What may stand in a posted body: fields, types and limits, every error at once with its pointer."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Final

from django.utils.dateparse import parse_datetime

from orchestration.agents.within import problems_in
from orchestration.api.problems import HttpProblem
from orchestration.facts import PRIORITIES, Problem, digest

MAX_REFERENCE: Final = 200
MAX_SLUG: Final = 80
MAX_MOMENT: Final = 40
CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class PostedCase:
    workflow: str
    payload: dict[str, Any]
    reference: str
    priority: str
    digest: str  # of the parsed body; "" where nobody asked


@dataclass(frozen=True, slots=True)
class PostedFeedback:
    value: str
    happened_at: datetime | None  # in UTC
    note: str


def posted_case(document: Any, *, with_digest: bool) -> PostedCase:
    """The body of `POST /cases`. Answers 422 naming every place that is wrong."""
    fields = _object(document)
    problems = [
        *_unknown(fields, ("workflow", "payload", "reference", "priority")),
        *_missing(fields, ("workflow", "payload")),
        *_text(fields, "workflow", MAX_SLUG),
        *_text(fields, "reference", MAX_REFERENCE, null=True, empty=True),
    ]
    if "payload" in fields and not isinstance(fields["payload"], dict):
        problems.append(Problem("/payload", "must be an object"))
    if "priority" in fields and fields["priority"] not in PRIORITIES:
        problems.append(Problem("/priority", f"must be one of {', '.join(PRIORITIES)}"))
    _refuse(problems + problems_in(document))
    return PostedCase(
        workflow=fields["workflow"],
        payload=fields["payload"],
        reference=fields.get("reference") or "",
        priority=fields.get("priority", "normal"),
        digest=digest(document) if with_digest else "",
    )


def posted_feedback(document: Any) -> PostedFeedback:
    """The body of `POST /cases/{id}/feedback`. Answers 422 naming every place that is wrong."""
    fields = _object(document)
    problems = [
        *_unknown(fields, ("value", "happened_at", "note")),
        *_missing(fields, ("value",)),
        *_string(fields, "value"),
        *_string(fields, "note", null=True),
        *_string(fields, "happened_at", null=True),
    ]
    moment = None
    if isinstance(text := fields.get("happened_at"), str) and (moment := _moment(text)) is None:
        problems.append(Problem("/happened_at", "must be a date and time with its offset, as 2026-11-22T09:30:00Z"))
    _refuse(problems + problems_in(document))
    return PostedFeedback(value=fields["value"], happened_at=moment, note=fields.get("note") or "")


def posted_nothing(document: Any) -> None:
    """An optional body that has no fields yet."""
    _refuse(_unknown(_object(document), ()))


def _object(document: Any) -> Mapping[str, Any]:
    if not isinstance(document, dict):
        _refuse([Problem("", "must be an object")])
    return document


def _unknown(fields: Mapping[str, Any], known: tuple[str, ...]) -> list[Problem]:
    expected = f"; known are {', '.join(known)}" if known else ""
    return [Problem(pointer(name), f"is not a known field{expected}") for name in fields if name not in known]


def _missing(fields: Mapping[str, Any], required: tuple[str, ...]) -> list[Problem]:
    return [Problem(pointer(name), "is required") for name in required if name not in fields]


def _text(
    fields: Mapping[str, Any], name: str, limit: int, *, null: bool = False, empty: bool = False
) -> list[Problem]:
    if problems := _string(fields, name, null=null):
        return problems
    value = fields.get(name)
    if value is None:
        return []
    if not value and not empty:
        return [Problem(f"/{name}", "must not be empty")]
    if len(value) > limit:
        return [Problem(f"/{name}", f"is longer than {limit} characters")]
    if CONTROL.search(value):
        return [Problem(f"/{name}", "holds a control character")]
    return []


def _string(fields: Mapping[str, Any], name: str, *, null: bool = False) -> list[Problem]:
    if name not in fields or isinstance(fields[name], str) or (null and fields[name] is None):
        return []
    return [Problem(f"/{name}", "must be a string")]


def _moment(text: str) -> datetime | None:
    """RFC 3339, so with an offset; None where it is none."""
    if len(text) > MAX_MOMENT or "T" not in text:
        return None
    try:
        found = parse_datetime(text)
        return found.astimezone(UTC) if found and found.tzinfo else None
    except (ValueError, OverflowError):
        return None


def pointer(name: str) -> str:
    """RFC 6901; what is not valid Unicode is escaped, so that the answer is."""
    valid = name.encode("utf-8", "backslashreplace").decode()
    return "/" + valid.replace("~", "~0").replace("/", "~1")


def _refuse(problems: list[Problem]) -> None:
    if problems:
        detail = "The body does not have the right form; `errors` names each place."
        raise HttpProblem(HTTPStatus.UNPROCESSABLE_ENTITY, "body-invalid", detail, errors=problems)
