"""Who did what to a workflow's versions, and when."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path

from orchestration.models import Workflow
from orchestration.services.activity import entries
from orchestration.services.version_event import activity

if TYPE_CHECKING:
    from orchestration.admin.version import VersionAdmin

PAGE = 50


def urls(admin: VersionAdmin) -> list[URLPattern]:
    view = admin.admin_site.admin_view(partial(activity_view, admin))
    return [path("activity/<int:workflow>/", view, name="orchestration_workflowversion_activity")]


def activity_view(admin: VersionAdmin, request: HttpRequest, workflow: int) -> HttpResponse:
    if not admin.has_view_permission(request):
        raise PermissionDenied
    found = get_object_or_404(Workflow, pk=workflow)
    pages = Paginator(activity(found), PAGE)
    page = pages.get_page(request.GET.get("page", "1")[:10])
    return admin.page(
        request,
        "version_activity.html",
        f"Activity · {found}",
        workflow=found,
        page=page,
        entries=entries(page.object_list),
    )
