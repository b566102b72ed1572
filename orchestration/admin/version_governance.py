"""The pages on which a version is submitted, approved, scheduled, published and rolled back to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from orchestration.admin.draft_part import kept
from orchestration.admin.staying import stays
from orchestration.models import VersionStatus, WorkflowVersion
from orchestration.rules.language import VersionContent
from orchestration.rules.parse import RuleError, version_from
from orchestration.services import approval, schedule
from orchestration.services import version as versions
from orchestration.services.evidence import Evidence, changes_between, evidence_from
from orchestration.services.refusal import Refused
from orchestration.services.version_path import standing
from orchestration.services.version_status import ADD, APPROVE, DRAFT, sight

if TYPE_CHECKING:
    from orchestration.admin.version import VersionAdmin

View = Callable[..., HttpResponse]


def urls(admin: VersionAdmin) -> list[URLPattern]:
    pages = {"submit": submit_view, "review": review_view, "withdraw": withdraw_view, "roll-back": roll_back_view}
    acts = {
        "publish": publish_view,
        "schedule": schedule_view,
        "unschedule": unschedule_view,
        "reviewed": reviewed_view,
    }
    views: dict[str, View] = {name: stays(partial(view, admin)) for name, view in pages.items()}
    views |= {name: require_POST(partial(view, admin)) for name, view in acts.items()}
    return [
        path(f"<int:pk>/{name}/", admin.admin_site.admin_view(view), name=f"orchestration_workflowversion_{name}")
        for name, view in views.items()
    ]


def submit_view(admin: VersionAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    version = admin.version(request, pk)
    _need(request, DRAFT)
    typed = {name: request.POST.get(name, "") for name in ("effect", "warnings_note")}
    refusal = ""
    if request.method == "POST":
        try:
            approval.submit(version_id=pk, user=request.user, seen=request.POST.get("seen", ""), **typed)
            messages.success(request, f"Version {version.number} is submitted and frozen. Somebody else approves it.")
            return _to(pk)
        except Refused as refused:
            refusal = refused.message
            version = admin.version(request, pk)
    if version.status != VersionStatus.DRAFT:
        return _not_here(admin, request, version, refusal or f"Version {version.number} is submitted already.")
    return admin.page(
        request,
        "version_submit.html",
        f"Submit {version}",
        version=version,
        evidence=_evidence_now(version),
        seen=sight(version),
        refusal=refusal,
        status=409 if refusal else 200,
        **typed,
    )


def review_view(admin: VersionAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """What approvers read, and where they say yes or no. Who may not approve reads it all the same."""
    version = admin.version(request, pk)
    comment, refusal = request.POST.get("comment", ""), ""
    if request.method == "POST":
        _need(request, APPROVE)
        rejecting = request.POST.get("verdict") == "reject"
        try:
            if rejecting:
                approval.reject(version_id=pk, user=request.user, comment=comment)
                messages.success(request, f"Version {version.number} is rejected, and its author can read why.")
            else:
                seen = request.POST.get("seen", "")
                approval.approve(version_id=pk, user=request.user, comment=comment, seen=seen)
                messages.success(request, f"Version {version.number} is approved. It can be published now.")
            return _to(pk)
        except Refused as refused:
            refusal = refused.message
            version = admin.version(request, pk)
    submission = getattr(version, "submission", None)
    if submission is None:
        return _not_here(admin, request, version, refusal or f"Version {version.number} has not been submitted.")
    evidence = evidence_from(submission.evidence)
    content = _read(version)
    stands = standing(version, evidence, request.user, unreadable=content is None)
    checked = False
    if content and "check" in request.GET:
        evidence, checked = replace(evidence, findings=versions.findings(content, version.workflow)), True
    return admin.page(
        request,
        "version_review.html",
        f"Review {version}",
        version=version,
        status_label=admin.status_shown(version),
        submission=submission,
        evidence=evidence,
        checked=checked,
        changes_now=changes_between(stands.overtaken_by, content) if stands.overtaken_by and content else None,
        verdicts=version.approvals.select_related("user"),
        standing=stands,
        seen=sight(version),
        comment=comment,
        refusal=refusal,
        status=409 if refusal else 200,
    )


def withdraw_view(admin: VersionAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    version = admin.version(request, pk)
    _need(request, DRAFT)
    if request.method != "POST":
        return admin.page(request, "version_withdraw.html", f"Withdraw {version}", version=version)
    try:
        approval.withdraw(version_id=pk, user=request.user, comment=request.POST.get("comment", ""))
    except Refused as refused:
        return _not_here(admin, request, version, refused.message)
    messages.success(request, f"Version {version.number} is withdrawn. You can take it up again as a new draft.")
    return _to(pk)


def publish_view(admin: VersionAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    version = admin.version(request, pk)
    done = f"Version {version.number} is published. New cases start with it."
    seen = request.POST.get("seen", "")
    return _done(request, pk, done, lambda: versions.publish(version_id=pk, user=request.user, seen=seen))


def schedule_view(admin: VersionAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    version = admin.version(request, pk)
    zone = _zone(version)
    given, seen = request.POST.get("at", ""), request.POST.get("seen", "")
    try:
        at = datetime.strptime(given[:16], "%Y-%m-%dT%H:%M").replace(tzinfo=zone)
    except ValueError:
        messages.error(request, f"“{given[:40]}” is not a date with a time such as 2026-11-30T08:00.")
        return _to(pk)
    if timezone.make_naive(at.astimezone(ZoneInfo("UTC")), zone) != at.replace(tzinfo=None):
        messages.error(request, f"That time does not exist in {zone}: the clocks go forward over it.")
        return _to(pk)
    done = f"Version {version.number} publishes itself on {at:%-d %b %Y, %H:%M} ({zone})."
    return _done(
        request, pk, done, lambda: schedule.schedule(version_id=pk, user=request.user, at=at, seen=seen)
    )  # fmt: skip


def unschedule_view(admin: VersionAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    version = admin.version(request, pk)
    done = f"Version {version.number} is off the schedule. It is approved still."
    return _done(request, pk, done, lambda: schedule.unschedule(version_id=pk, user=request.user))


def reviewed_view(admin: VersionAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    version = admin.version(request, pk)
    done = f"The emergency publication of version {version.number} is marked as reviewed."
    note = request.POST.get("note", "")[: approval.LONGEST]
    return _done(request, pk, done, lambda: versions.mark_reviewed(version_id=pk, user=request.user, note=note))


def roll_back_view(admin: VersionAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    version = admin.version(request, pk)
    _need(request, ADD, DRAFT)
    effect, refusal = request.POST.get("effect", ""), ""
    if request.method == "POST":
        try:
            made = approval.roll_back(version_id=pk, user=request.user, effect=effect)
            messages.success(
                request,
                f"Version {made.number} has the content of version {version.number} and is submitted. "
                "One other person approves and publishes it.",
            )
            return _to(made.pk)
        except Refused as refused:
            refusal = refused.message
    if version.status != VersionStatus.RETIRED:
        return _not_here(admin, request, version, refusal or f"Version {version.number} is not one to roll back to.")
    return admin.page(
        request,
        "version_roll_back.html",
        f"Roll back to {version}",
        version=version,
        evidence=_evidence_now(version),
        effect=effect,
        refusal=refusal,
        status=409 if refusal else 200,
    )


def _read(version: WorkflowVersion) -> VersionContent | None:
    try:
        return version_from(version.content)
    except RuleError:
        return None


def _evidence_now(version: WorkflowVersion) -> Evidence | None:
    """None where the version cannot be read; its page says why."""
    try:
        return approval.evidence_of(version)
    except Refused:
        return None


def _done(request: HttpRequest, pk: int, told: str, act: Callable[[], Any]) -> HttpResponse:
    try:
        act()
        messages.success(request, told)
    except Refused as refused:
        messages.error(request, refused.message)
    return _to(pk)


def _not_here(admin: VersionAdmin, request: HttpRequest, version: WorkflowVersion, why: str) -> HttpResponse:
    """The version is past this page: its own says where it is, unless somebody wrote something for it."""
    typed = [text for name in ("effect", "warnings_note", "comment") if (text := request.POST.get(name, "").strip())]
    if typed:
        return kept(admin, request, version, "words", "\n\n".join(typed), why, 409)
    messages.error(request, why)
    return _to(version.pk)


def _need(request: HttpRequest, *permissions: str) -> None:
    if not request.user.has_perms(permissions):
        raise PermissionDenied


def _zone(version: WorkflowVersion) -> ZoneInfo:
    try:
        return ZoneInfo(version.content.get("time_zone", "UTC"))
    except (ValueError, OSError, KeyError):
        return ZoneInfo("UTC")


def _to(pk: int) -> HttpResponse:
    return HttpResponseRedirect(reverse("admin:orchestration_workflowversion_change", args=[pk]))
