"""Any two versions of a workflow, side by side."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse

from orchestration.services.comparison import compared

if TYPE_CHECKING:
    from orchestration.admin.version import VersionAdmin


def urls(admin: VersionAdmin) -> list[URLPattern]:
    view = admin.admin_site.admin_view
    name = "orchestration_workflowversion_compare"
    return [
        path("<int:pk>/compare/", view(partial(choice_view, admin)), name=f"{name}-choice"),
        path("<int:pk>/compare/<int:other>/", view(partial(compare_view, admin)), name=name),
    ]


def choice_view(admin: VersionAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """The address of the form that chooses the other version; without a choice, the published or the next older."""
    version = admin.version(request, pk)
    chosen = request.GET.get("with", "")
    others = version.workflow.versions.exclude(pk=version.pk)
    if chosen.isascii() and chosen.isdigit() and len(chosen) < 18:
        other = others.filter(pk=int(chosen)).first()
    else:
        published = others.filter(pk=version.workflow.published_version_id).first()
        other = published or others.filter(number__lt=version.number).order_by("-number").first() or others.first()
    if other is None:
        raise Http404("There is no other version to compare with.")
    return HttpResponseRedirect(reverse("admin:orchestration_workflowversion_compare", args=[version.pk, other.pk]))


def compare_view(admin: VersionAdmin, request: HttpRequest, pk: int, other: int) -> HttpResponse:
    version, second = admin.version(request, pk), admin.version(request, other)
    if version.workflow_id != second.workflow_id:
        raise Http404("These are versions of two workflows.")
    found = compared(version, second)
    versions = version.workflow.versions.order_by("-number").defer("content")
    return admin.page(
        request,
        "version_compare.html",
        f"{version.workflow}: version {found.before.number} and version {found.after.number}",
        version=version,
        second=second,
        found=found,
        versions=versions[:200],
    )
