"""A draft as text, section by section; whatever happens to the draft meanwhile, what was typed stays on the page."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse

from orchestration.admin.draft_sections import Section, place_errors, read_sections, sections_from, sections_of
from orchestration.admin.staying import stays
from orchestration.models import VersionStatus, WorkflowVersion
from orchestration.rules.parse import RuleError
from orchestration.services import version as versions
from orchestration.services.refusal import Refused
from orchestration.services.secret import settings as secret_settings
from orchestration.services.version_event import discarded
from orchestration.services.version_status import ADD, DRAFT

if TYPE_CHECKING:
    from orchestration.admin.version import VersionAdmin


def urls(admin: VersionAdmin) -> list[URLPattern]:
    view = admin.admin_site.admin_view(stays(partial(edit_view, admin)))
    return [path("<int:pk>/edit/", view, name="orchestration_workflowversion_edit")]


def edit_view(admin: VersionAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    if request.method == "POST":
        return _saved(admin, request, pk)
    version = admin.version(request, pk)
    if not request.user.has_perm(DRAFT):
        raise PermissionDenied
    if version.status != VersionStatus.DRAFT:
        messages.error(request, f"Version {version.number} never changes. Make a new draft from it instead.")
        return _to(version.pk)
    return _editor(admin, request, version, sections_of(version.content), version.note, version.revision)


def _saved(admin: VersionAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    version, refusal, status = _standing(admin, request, pk)
    sections = sections_from(request.POST)
    note, seen = request.POST.get("note", ""), request.POST.get("revision", "")
    revision = int(seen) if seen.isdecimal() and len(seen) < 10 else 0
    anew = "as_new" in request.POST and request.user.has_perm(ADD)
    data = read_sections(sections)
    if data is not None and (anew or not refusal):
        try:
            if anew:
                saved = versions.new_draft(workflow=version.workflow, data=data, note=note, user=request.user)
            else:
                saved = versions.save_draft(version_id=pk, data=data, note=note, revision=revision, user=request.user)
            messages.success(request, f"Version {saved.number} is saved.")
            return _to(saved.pk)
        except RuleError as error:
            place_errors(sections, error.problems, data)
        except WorkflowVersion.DoesNotExist:
            return _saved(admin, request, pk)  # discarded this very moment: say so
        except Refused as refused:
            refusal = refused.message
            status = 409
    return _editor(admin, request, version, sections, note, revision, refusal, status=status if refusal else 400)


def _standing(admin: VersionAdmin, request: HttpRequest, pk: int) -> tuple[WorkflowVersion, str, int]:
    """The draft, or what is known of one that is gone, and why it cannot be saved, if so, as words and as a status."""
    try:
        version = admin.version(request, pk)
    except Http404:
        event = discarded(pk)
        if event is None:
            raise
        version = WorkflowVersion(pk=pk, workflow=event.workflow, number=event.number)
        gone = f"{event.actor} discarded this draft on {event.at:%-d %b %Y, %H:%M} UTC, while you edited it."
        return version, gone, 410
    if not request.user.has_perm(DRAFT):
        return version, "You may not change drafts any more. Ask an Orchestration Architect if that is a mistake.", 403
    if version.status != VersionStatus.DRAFT:
        told = version.get_status_display().lower()
        return version, f"Version {version.number} is {told} by now and never changes.", 409
    return version, "", 200


def _editor(
    admin: VersionAdmin,
    request: HttpRequest,
    version: WorkflowVersion,
    sections: list[Section],
    note: str,
    revision: int,
    refusal: str = "",
    status: int = 200,
) -> HttpResponse:
    return admin.page(
        request,
        "version_edit.html",
        f"Edit {version}",
        version=version,
        sections=sections,
        secret_settings=secret_settings(),
        note=note,
        revision=revision,
        refusal=refusal,
        gone=status == 410,
        can_save=status != 410,
        can_save_anew=bool(refusal) and request.user.has_perm(ADD),
        wrong=sum(len(section.errors) for section in sections),
        status=status,
    )


def _to(pk: int) -> HttpResponse:
    return HttpResponseRedirect(reverse("admin:orchestration_workflowversion_change", args=[pk]))
