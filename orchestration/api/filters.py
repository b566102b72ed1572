"""Query parameters: known ones only, each checked, a bad one named in the answer."""

from __future__ import annotations

import base64
import binascii
import uuid
from collections.abc import Collection
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Final

from django.db.models import QuerySet
from django.utils.dateparse import parse_date, parse_datetime
from rest_framework.request import Request

from orchestration.api.bodies import CONTROL
from orchestration.api.problems import HttpProblem
from orchestration.models import ApiKey, Case, CaseStatus

LIMIT: Final = 50
MAX_LIMIT: Final = 200
MAX_LENGTH: Final = 200
MAX_NUMBER: Final = 2**31 - 1
FILTERS: Final = ("workflow", "status", "outcome", "reference", "received_after")


def parameters(request: Request, known: Collection[str]) -> dict[str, str]:
    """The query parameters, each given once; 400 for an unknown one, so that a typing error is no wide answer."""
    found = {}
    for name, values in request.query_params.lists():
        if name not in known:
            raise bad(name, f"is not a known parameter; known are {', '.join(sorted(known)) or 'none'}")
        if len(values) > 1:
            raise bad(name, "is given more than once")
        if len(values[0]) > MAX_LENGTH or CONTROL.search(values[0]):
            raise bad(name, "must be a text of at most 200 characters without control characters")
        found[name] = values[0]
    return found


def filtered(cases: QuerySet[Case], given: dict[str, str]) -> QuerySet[Case]:
    """The cases that fit the filters given. A slug nobody has gives none."""
    if "workflow" in given:
        cases = cases.filter(workflow__slug=given["workflow"])
    if "status" in given:
        if given["status"] not in CaseStatus.values:
            raise bad("status", f"must be one of {', '.join(CaseStatus.values)}")
        cases = cases.filter(status=given["status"])
    if "outcome" in given:
        cases = cases.filter(outcome=given["outcome"])
    if "reference" in given:
        cases = cases.filter(reference=given["reference"])
    if "received_after" in given:
        cases = cases.filter(received_at__gt=_moment("received_after", given["received_after"]))
    return cases


def number(given: dict[str, str], name: str, *, default: int, least: int, most: int) -> int:
    if name not in given:
        return default
    text = given[name]
    value = int(text) if text.isascii() and text.isdigit() and len(text) < 12 else -1
    if not least <= value <= most:
        raise bad(name, f"must be a whole number from {least} to {most}")
    return value


def after_cursor(cases: QuerySet[Case], key: ApiKey, given: dict[str, str]) -> QuerySet[Case]:
    """Newest first, from behind the case that the cursor stands for."""
    cases = cases.order_by("-id")
    if "cursor" not in given:
        return cases
    last = Case.objects.filter(client_id=key.client_id, public_id=_case_at(given["cursor"])).values_list("pk").first()
    if last is None:
        raise bad("cursor", "is not a cursor that this API gave out")
    return cases.filter(pk__lt=last[0])


def cursor_at(case: Case) -> str:
    return base64.urlsafe_b64encode(case.public_id.bytes).decode().rstrip("=")


def bad(name: str, what: str) -> HttpProblem:
    return HttpProblem(HTTPStatus.BAD_REQUEST, "parameter-invalid", f"The query parameter {name!r} {what}.")


def _case_at(cursor: str) -> uuid.UUID:
    try:
        return uuid.UUID(bytes=base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
    except (ValueError, binascii.Error):
        raise bad("cursor", "is not a cursor that this API gave out") from None


def _moment(name: str, text: str) -> datetime:
    """An ISO date or datetime; UTC where no offset is given. A `+` that the address turned into a space counts."""
    text = text.replace(" ", "+") if "T" in text else text
    try:
        found: Any = parse_datetime(text) if "T" in text else parse_date(text)
    except ValueError:
        found = None
    if found is None:
        raise bad(name, "must be a date and time such as 2026-11-22T09:30:00Z, or a date")
    if not isinstance(found, datetime):
        found = datetime(found.year, found.month, found.day)
    try:
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except OverflowError:
        raise bad(name, "is out of range") from None
