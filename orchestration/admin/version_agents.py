"""The page of one agent step of a draft: its agent, configuration, input and limits; written in a form or as YAML."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from django.contrib import messages
from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import URLPattern, path, reverse
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_POST

from orchestration.admin.draft_sections import place_in_words
from orchestration.admin.label import status_label
from orchestration.facts import digest
from orchestration.models import Secret, VersionStatus, WorkflowVersion
from orchestration.rules.parse import RuleError
from orchestration.services.agent_config import (
    StepInUse,
    as_stored,
    offered,
    plain_step,
    remove_step,
    save_step,
    say_step,
)
from orchestration.services.draft import GONE, Overtaken, PartError, part_of
from orchestration.services.editing import Remark, content_of, read_source, source_of
from orchestration.services.examples import recent_facts
from orchestration.services.refusal import Refused
from orchestration.services.secret import set_secret
from orchestration.services.step_names import step_uses
from orchestration.services.vocabulary import fact_groups

if TYPE_CHECKING:
    from orchestration.admin.version import VersionAdmin

CHANGE: Final = "orchestration.change_workflowversion"
MANAGE: Final = "orchestration.manage_agents"
MAX_BODY: Final = 1_000_000
NEW: Final[dict[str, Any]] = {"use": ""}
NOT_ALLOWED: Final = "You may not change versions any more. Ask an Orchestration Architect."


def urls(admin: VersionAdmin) -> list[URLPattern]:
    """Names of steps begin with a letter, so `~new`, `~say` and `~secret` are none."""
    name = "orchestration_workflowversion_agent"
    return [
        path("<int:pk>/agents/~new/", _view(admin, step_view, key=""), name=f"{name}-new"),
        path("<int:pk>/agents/~say/", _view(admin, say_view, post=True), name=f"{name}-say"),
        path("<int:pk>/agents/~secret/", _view(admin, secret_view, post=True), name=f"{name}-secret"),
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


def say_view(admin: VersionAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """JSON `{key, name, step}` or `{key, name, source}` → `{step, source, problems}`. Nothing is stored."""
    asked = _asked_body(request)
    if asked is None:
        return JsonResponse({"problems": [_shown(Remark("error", "", "The step could not be read."))]}, status=400)
    if not request.user.has_perm(CHANGE):
        return JsonResponse({"problems": [_shown(Remark("error", "", NOT_ALLOWED))]}, status=403)
    version = admin.version(request, pk)
    key = str(asked.get("key", ""))
    data, remarks = asked.get("step"), ()
    if isinstance(asked.get("source"), str):
        data, remarks = _from_source(asked["source"])
    if remarks:
        return JsonResponse({"step": None, "source": None, "problems": [_shown(one) for one in remarks]})
    data = as_stored(data, part_of(version, "agents", key).value)
    said = say_step(content_of(version), str(asked.get("name", "")), data, key=key)
    return JsonResponse(
        {
            "step": said.step,
            "source": source_of(data),
            "problems": [_shown(one) for one in said.remarks],
        }
    )


@sensitive_variables("asked")
def secret_view(admin: VersionAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """JSON `{name, value, note}` → `{secrets: [{name, note}]}` or `{problem}`. The value goes in and never out."""
    asked = _asked_body(request)
    if asked is None or not all(isinstance(asked.get(key, ""), str) for key in ("name", "value", "note")):
        return JsonResponse({"problem": "The secret could not be read."}, status=400)
    admin.version(request, pk)
    if not request.user.has_perm(MANAGE):
        return JsonResponse({"problem": "You may not set secrets. Ask an Orchestration Architect."}, status=403)
    name = asked.get("name", "")
    if Secret.objects.filter(name=name).exists():
        said = f"There is a secret “{name}” already. Choose it from the list, or take another name."
        return JsonResponse({"problem": said}, status=409)
    try:
        set_secret(name=name, value=asked.get("value", ""), note=asked.get("note", ""), user=request.user)
    except Refused as refused:
        return JsonResponse({"problem": refused.message}, status=400)
    return JsonResponse({"secrets": _secrets()})


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
    messages.success(request, f"The step “{name}” is saved.{also}")
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
        document={"key": key, "step": step, "problems": [_shown(one) for one in told], "unsaved": status != 200},
        vocabulary={
            "agents": offered(),
            "facts": fact_groups(content, recent),
            "secrets": _secrets(),
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


def _secrets() -> list[dict[str, str]]:
    return list(Secret.objects.order_by("name").values("name", "note"))


def _submitted(request: HttpRequest) -> tuple[Any, tuple[Remark, ...]]:
    """The step as the form sent it (JSON), or as YAML where there is no JavaScript or the source was open."""
    if not request.POST.get("step"):
        return _from_source(request.POST.get("source", ""))
    try:
        data = json.loads(request.POST["step"])
    except (ValueError, RecursionError):
        data = None
    wrong = Remark("error", "", "The step could not be read. Reload the page and try again.")
    return (data, ()) if isinstance(data, dict) else (None, (wrong,))


def _from_source(text: str) -> tuple[Any, tuple[Remark, ...]]:
    data, remarks = read_source(text.replace("\r\n", "\n"))
    if remarks and remarks[0].detail.startswith("A rule has the entries"):
        remarks = (Remark("error", "", "A step has the entries use, config, input, timeout, attempts, on_failure."),)
    return data, remarks


def _asked_body(request: HttpRequest) -> dict[str, Any] | None:
    try:
        asked = json.loads(request.body) if len(request.body) <= MAX_BODY else None
    except (ValueError, RecursionError, RequestDataTooBig):
        return None
    return asked if isinstance(asked, dict) else None


def _split(error: PartError) -> tuple[tuple[Remark, ...], tuple[tuple[str, str], ...]]:
    """The step's own problems, and those that the change would make elsewhere, each with its place in words."""
    prefix = error.place
    own = [one for one in error.problems if prefix and (one.pointer == prefix or one.pointer.startswith(f"{prefix}/"))]
    others = [(place_in_words(one.pointer, error.document), one.detail) for one in error.problems if one not in own]
    return tuple(Remark("error", one.pointer.removeprefix(prefix), one.detail) for one in own), tuple(others)


def _listed(titles: tuple[str, ...]) -> str:
    return ", ".join(f"“{title}”" for title in titles[:5]) + (f" and {len(titles) - 5} more" if len(titles) > 5 else "")


def _shown(remark: Remark) -> dict[str, str]:
    return {"severity": remark.severity, "pointer": remark.pointer, "detail": remark.detail}


def _view(admin: VersionAdmin, view: Any, *, post: bool = False, **fixed: Any) -> Any:
    called = partial(view, admin, **fixed)
    return admin.admin_site.admin_view(require_POST(called) if post else called)


def _to(pk: int, place: str = "") -> HttpResponse:
    url = reverse("admin:orchestration_workflowversion_change", args=[pk])
    return HttpResponseRedirect(f"{url}#{place}" if place else url)
