"""What really happened later, recorded by a person on the page of a decided case."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone

from orchestration.models import Case, CaseStatus
from orchestration.services.case_story import in_words
from orchestration.services.feedback import LONGEST_NOTE, RECORD, take_in, values_of
from orchestration.services.refusal import Refused

if TYPE_CHECKING:
    from orchestration.admin.case import CaseAdmin


def feedback_form(request: HttpRequest, case: Case) -> dict[str, Any]:
    """What the form needs; nothing where the case or the person has no use for one."""
    if case.status != CaseStatus.DECIDED or not request.user.has_perm(RECORD):
        return {}
    values = [(value, in_words(value)) for value in values_of(case.workflow)]
    return {"feedback_values": values, "longest_note": LONGEST_NOTE}


def feedback_view(admin: CaseAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    case = admin.case(request, pk)
    if not request.user.has_perm(RECORD):
        raise PermissionDenied
    typed = {name: request.POST.get(name, "") for name in ("value", "happened_at", "note")}
    try:
        at = _moment(typed["happened_at"])
        taken_in = take_in(case=case, value=typed["value"], happened_at=at, note=typed["note"], user=request.user)
    except Refused as refused:
        return admin.case_page(request, case, typed=typed, feedback_error=refused.message)
    if taken_in.repeated:
        messages.info(request, "That was on record already; nothing was changed.")
    else:
        messages.success(request, f"On record: {in_words(typed['value'])}.")
    return HttpResponseRedirect(reverse("admin:orchestration_case_change", args=[case.pk]))


def _moment(text: str) -> datetime | None:
    """What was typed is in the time zone in which the page shows times."""
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text[:16]).replace(tzinfo=timezone.get_current_timezone())
        return at.astimezone(ZoneInfo("UTC"))
    except (ValueError, OverflowError):
        raise Refused(f"“{text[:40]}” is not a date with a time such as 2026-11-30T08:00.") from None
