"""Secrets: their names and notes, who uses them; set, replaced and deleted, never shown."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.views.decorators.debug import sensitive_post_parameters

from orchestration.admin.navigation import PAGES
from orchestration.models import Secret
from orchestration.services.refusal import Refused
from orchestration.services.secret import delete_secret, set_secret, uses

if TYPE_CHECKING:
    from orchestration.admin.base import ModelAdmin

SEE: Final = PAGES["secrets"]
MANAGE: Final = "orchestration.manage_agents"


def urls(page: ModelAdmin) -> list[URLPattern]:
    view = page.admin_site.admin_view(partial(_secrets, page))
    return [path("secrets/", view, name="orchestration_secrets")]


def _secrets(page: ModelAdmin, request: HttpRequest) -> HttpResponse:
    return secrets_view(request, page)


@sensitive_post_parameters("value")
def secrets_view(request: HttpRequest, page: ModelAdmin) -> HttpResponse:
    if not request.user.has_perm(SEE):
        raise PermissionDenied
    if request.method != "POST":
        return _page(page, request)
    if not request.user.has_perm(MANAGE):
        raise PermissionDenied
    name, action = request.POST.get("name", "").strip(), request.POST.get("action", "")
    there = Secret.objects.filter(name=name).exists()
    try:
        if action == "delete":
            delete_secret(name=name, user=request.user)
            messages.success(request, f"The secret “{name}” is deleted.")
        elif action == "add" and there:
            raise Refused(f"There is a secret “{name}” already. Replace its value below, or take another name.")
        elif action == "replace" and not there:
            raise Refused(f"Somebody deleted the secret “{name}” meanwhile.")
        else:
            value, note = request.POST.get("value", ""), request.POST.get("note", "")
            set_secret(name=name, value=value, note=note, user=request.user)
            done = "replaced; agents get the new value from their next attempt on" if there else "kept"
            messages.success(request, f"The secret “{name}” is {done}.")
    except Refused as refused:
        return _page(page, request, refused=refused.message, typed=None if there else request.POST)
    return HttpResponseRedirect(reverse("admin:orchestration_secrets"))


def _page(page: ModelAdmin, request: HttpRequest, *, refused: str = "", typed: object = None) -> HttpResponse:
    """What was typed is shown again but for the value."""
    used = uses()
    rows = [(one, used.get(one.name, ())) for one in Secret.objects.select_related("changed_by").defer("sealed")]
    known = {one.name for one, _ in rows}
    return page.page(
        request,
        "secrets.html",
        "Secrets",
        opts=None,
        rows=rows,
        unset=[(name, users) for name, users in used.items() if name not in known],
        may_manage=request.user.has_perm(MANAGE),
        refused=refused,
        typed=typed if typed is not None else {"name": request.GET.get("name", "")},
        status=409 if refused else 200,
    )
