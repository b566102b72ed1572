"""The page of one agent step of a draft: its agent, configuration, input and limits; written in a form or as YAML."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_POST

from orchestration.admin.draft_sections import place_in_words
from orchestration.admin.label import status_label
from orchestration.admin.version_agent_answers import (
    CHANGE,
    MANAGE,
    NOT_ALLOWED,
    check_view,
    from_source,
    named_secrets,
    say_view,
    secret_view,
    shown,
)
from orchestration.facts import digest
from orchestration.models import VersionStatus, WorkflowVersion
from orchestration.rules.parse import RuleError
from orchestration.services.agent_condition import conditions
from orchestration.services.agent_config import (
    StepInUse,
    as_stored,
    offered,
    plain_step,
    remove_step,
    save_step,
    say_step,
)
from orchestration.services.agent_use import agents_in_use
from orchestration.services.draft import GONE, Overtaken, PartError, part_of
from orchestration.services.editing import Remark, content_of, source_of
from orchestration.services.examples import recent_facts
from orchestration.services.refusal import Refused
from orchestration.services.step_names import step_uses
from orchestration.services.vocabulary import fact_groups

if TYPE_CHECKING:
    from orchestration.admin.version import VersionAdmin

NEW: Final[dict[str, Any]] = {"use": ""}


def urls(admin: VersionAdmin) -> list[URLPattern]:
    """Names of steps begin with a letter, so `~new`, `~say`, `~secret` and `~check` are none."""
    name = "orchestration_workflowversion_agent"
    return [
        path("<int:pk>/agents/~new/", _view(admin, step_view, key=""), name=f"{name}-new"),
        path("<int:pk>/agents/~say/", _view(admin, say_view, post=True), name=f"{name}-say"),
        path("<int:pk>/agents/~secret/", _view(admin, secret_view, post=True), name=f"{name}-secret"),
        path("<int:pk>/agents/~check/", _view(admin, check_view, post=True), name=f"{name}-check"),
        path("<int:pk>/agents/<str:key>/", _view(admin, step_view), name=name),
    ]


def step_view(admin: VersionAdmin, request: HttpRequest, pk: int, key: str) -> HttpResponse:
    """One step: shown, saved, renamed or removed. Without a key it is a new one."""
    if request.method == "POST":
        return _post(admin, request, pk, key)
    version = admin.version(request, pk)
    if not request.user.has_perm(CHANGE):
        raise PermissionDenied
    if version.status != VersionStatus.DRAFT:
        messages.error(request, f"Version {version.number} never changes. Make a new draft from it instead.")
        return _to(pk)
    part = part_of(version, "agents", key)
    if key and part.value is None:
        raise Http404("This version has no such step.")
    step = NEW if part.value is None else plain_step(part.value)
    return _page(admin, request, version, key, key, step, part.seen)


def _post(admin: VersionAdmin, request: HttpRequest, pk: int, key: str) -> HttpResponse:
    """Whatever stands in the way, the answer holds what was written."""
    version = WorkflowVersion.objects.select_related("workflow").filter(pk=pk).first()
    data, remarks = _submitted(request)
    name = request.POST.get("name", key).strip()
    text = source_of(data) if request.POST.get("step") and data is not None else request.POST.get("source", "")
    if not request.user.has_perm(CHANGE) or not admin.has_view_permission(request):
        return _kept(admin, request, version, text, NOT_ALLOWED, 403)
    if version is None:
        return _kept(admin, request, None, text, GONE, 410)
    seen = request.POST.get("over") or request.POST.get("seen", "")
    if request.POST.get("action") == "delete":
        return _removed(admin, request, version, key, seen)
    page = partial(_page, admin, request, version, key, name, data, seen, source=text)
    if remarks:
        return page(remarks=remarks, status=400)
    data = as_stored(data, part_of(version, "agents", key).value)
    again = request.POST.get("action") == "again"
    try:
        told = save_step(
            version_id=pk, key=key, name=name, value=data, seen=seen, user=request.user, new=again or not key
        )
    except PartError as error:
        own, others = _split(error)
        return page(remarks=own, others=others, status=400)
    except Overtaken as overtaken:
        return page(overtaken=overtaken, status=409)
    except Refused as refused:
        return _kept(admin, request, version, text, refused.message, 409)
    also = f" Its new name also stands in {_listed(told)} now." if told else ""
    after = "" if key else " Now let a rule run it."
    messages.success(request, f"The step “{name}” is saved.{also}{after}")
    return _to(pk, f"step-{name}")


def _removed(admin: VersionAdmin, request: HttpRequest, version: WorkflowVersion, key: str, seen: str) -> HttpResponse:
    part = part_of(version, "agents", key)
    step = NEW if part.value is None else plain_step(part.value)
    try:
        remove_step(version_id=version.pk, name=key, seen=seen, user=request.user)
    except (StepInUse, Overtaken) as refused:
        note = (Remark("error", "", refused.message),)
        return _page(admin, request, version, key, key, step, part.seen, remarks=note, status=409)
    except Refused as refused:
        return _kept(admin, request, version, source_of(step), refused.message, 409)
    messages.success(request, f"The step “{key}” is removed.")
    return _to(version.pk)


def _page(
    admin: VersionAdmin,
    request: HttpRequest,
    version: WorkflowVersion,
    key: str,
    name: str,
    step: Any,
    seen: str,
    *,
    source: str = "",
    remarks: tuple[Remark, ...] = (),
    others: tuple[tuple[str, str], ...] = (),
    overtaken: Overtaken | None = None,
    status: int = 200,
) -> HttpResponse:
    try:
        content = content_of(version)
    except RuleError as error:
        return _kept(admin, request, version, source, f"This version cannot be read: {error.problems[0].detail}", 409)
    use = str(step.get("use", "")) if isinstance(step, dict) else ""
    told = remarks or (say_step(content, name, step, key=key).remarks if step and step is not NEW else ())
    recent = recent_facts(version.workflow) if request.user.has_perm("orchestration.view_case") else []
    return admin.page(
        request,
        "agent_step.html",
        f"Agent step “{key}”" if key else "New agent step",
        version=version,
        status_label=status_label(VersionStatus(version.status)),
        key=key,
        name=name,
        seen=seen,
        source=source or source_of(step),
        remarks=[(place_in_words(one.pointer, step), one.detail) for one in remarks if one.severity == "error"],
        others=others,
        overtaken=overtaken,
        over=digest(overtaken.now) if overtaken and overtaken.now is not None else "",
        stored=source_of(plain_step(overtaken.now)) if overtaken and overtaken.now is not None else "",
        uses=step_uses(version.content, key) if key else (),
        step_agent=use,
        said=conditions(agents_in_use()).get(use, ()) if use else (),
        document={"key": key, "step": step, "problems": [shown(one) for one in told], "unsaved": status != 200},
        vocabulary={
            "agents": offered(),
            "facts": fact_groups(content, recent),
            "secrets": named_secrets(),
            "may_set_secrets": request.user.has_perm(MANAGE),
        },
        status=status,
    )


def _kept(
    admin: VersionAdmin, request: HttpRequest, version: WorkflowVersion | None, text: str, reason: str, status: int
) -> HttpResponse:
    """The step cannot be saved at all: the reason, and the text to copy."""
    context = {"version": version, "text": text, "reason": reason, "what": "Your agent step", "status": status}
    return admin.page(request, "table_kept.html", "Not saved", **context)


def _submitted(request: HttpRequest) -> tuple[Any, tuple[Remark, ...]]:
    """The step as the form sent it (JSON), or as YAML where there is no JavaScript or the source was open."""
    if not request.POST.get("step"):
        return from_source(request.POST.get("source", ""))
    try:
        data = json.loads(request.POST["step"])
    except (ValueError, RecursionError):
        data = None
    wrong = Remark("error", "", "The step could not be read. Reload the page and try again.")
    return (data, ()) if isinstance(data, dict) else (None, (wrong,))


def _split(error: PartError) -> tuple[tuple[Remark, ...], tuple[tuple[str, str], ...]]:
    """The step's own problems, and those that the change would make elsewhere, each with its place in words."""
    prefix = error.place
    own = [one for one in error.problems if prefix and (one.pointer == prefix or one.pointer.startswith(f"{prefix}/"))]
    others = [(place_in_words(one.pointer, error.document), one.detail) for one in error.problems if one not in own]
    return tuple(Remark("error", one.pointer.removeprefix(prefix), one.detail) for one in own), tuple(others)


def _listed(titles: tuple[str, ...]) -> str:
    return ", ".join(f"“{title}”" for title in titles[:5]) + (f" and {len(titles) - 5} more" if len(titles) > 5 else "")


def _view(admin: VersionAdmin, view: Any, *, post: bool = False, **fixed: Any) -> Any:
    called = partial(view, admin, **fixed)
    return admin.admin_site.admin_view(require_POST(called) if post else called)


def _to(pk: int, place: str = "") -> HttpResponse:
    url = reverse("admin:orchestration_workflowversion_change", args=[pk])
    return HttpResponseRedirect(f"{url}#{place}" if place else url)
