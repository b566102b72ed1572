"""The page of one rule of a draft: written with an editor or as YAML, checked as one writes, saved on its own."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from django.contrib import messages
from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_POST

from orchestration.admin.draft_sections import place_in_words
from orchestration.admin.label import status_label
from orchestration.admin.staying import stays
from orchestration.facts import digest
from orchestration.models import VersionStatus, WorkflowVersion
from orchestration.rules.parse import RuleError
from orchestration.services.draft import GONE, Overtaken, PartError, change_part, part_of
from orchestration.services.editing import (
    Remark,
    Said,
    content_of,
    from_wire,
    read_source,
    say,
    source_of,
    to_wire,
    vocabulary,
)
from orchestration.services.refusal import Refused
from orchestration.services.rule_conflict import differing

if TYPE_CHECKING:
    from orchestration.admin.version import VersionAdmin

CHANGE: Final = "orchestration.change_workflowversion"
MAX_BODY: Final = 1_000_000
NEW: Final = {"key": "", "title": "", "when": "always", "then": []}
NOT_ALLOWED: Final = "You may not change versions any more. Ask an Orchestration Architect."


def urls(admin: VersionAdmin) -> list[URLPattern]:
    """A rule whose key is `new` is reached as `~new`: no key starts with that sign."""
    name = "orchestration_workflowversion_rule"
    return [
        path("<int:pk>/rules/new/", _view(admin, rule_view, key=""), name=f"{name}-new"),
        path("<int:pk>/rules/~say/", _view(admin, say_view, post=True), name=f"{name}-say"),
        path("<int:pk>/rules/<str:key>/switch/", _view(admin, switch_view, post=True), name=f"{name}-switch"),
        path("<int:pk>/rules/<str:key>/", _view(admin, rule_view), name=name),
    ]


def rule_view(admin: VersionAdmin, request: HttpRequest, pk: int, key: str) -> HttpResponse:
    """One rule: shown, saved, duplicated or deleted. Without a key it is a new one."""
    key = key.removeprefix("~")
    if request.method == "POST":
        return _post(admin, request, pk, key)
    version = _draft_to_change(admin, request, pk)
    if isinstance(version, HttpResponse):
        return version
    part = part_of(version, "rules", key)
    if key and part.value is None:
        raise Http404("This version has no such rule.")
    rule: Any = part.value or NEW
    copied = part_of(version, "rules", request.GET.get("from", "")).value if not key else None
    if copied is not None:
        taken = {one["key"] for section in ("rules", "tables") for one in version.content.get(section, [])}
        rule = {**copied, "key": _free_key(copied["key"], taken), "title": f"{copied['title']} (copy)"[:300]}
    return _page(admin, request, version, key, rule, part.seen)


def say_view(admin: VersionAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """JSON `{key, rule}` or `{key, source}` → `{rule, source, sentence, problems}`. Nothing is stored."""
    if not request.user.has_perm(CHANGE):
        return JsonResponse({"problems": [_shown(Remark("error", "", NOT_ALLOWED))]}, status=403)
    try:
        asked = json.loads(request.body) if len(request.body) <= MAX_BODY else None
    except (ValueError, RecursionError, RequestDataTooBig):
        asked = None
    if not isinstance(asked, dict):
        return JsonResponse({"problems": [_shown(Remark("error", "", "The rule could not be read."))]}, status=400)
    version = admin.version(request, pk)
    data, remarks = _asked(asked)
    if remarks:
        return JsonResponse(
            {"rule": None, "source": None, "sentence": "", "problems": [_shown(one) for one in remarks]}
        )
    said = say(version, content_of(version), data, key=str(asked.get("key", "")))
    return JsonResponse(
        {
            "rule": None if said.rule is None else to_wire(said.rule),
            "source": source_of(data if said.rule is None else said.rule),
            "sentence": said.sentence,
            "problems": [_shown(one) for one in said.remarks],
        }
    )


def switch_view(admin: VersionAdmin, request: HttpRequest, pk: int, key: str) -> HttpResponse:
    """Switch a rule or table on or off as it is stored now."""
    key = key.removeprefix("~")
    version = _draft_to_change(admin, request, pk)
    if isinstance(version, HttpResponse):
        return version
    section = "tables" if request.POST.get("section") == "tables" else "rules"
    part = part_of(version, section, key)
    if part.value is None:
        messages.error(request, "Somebody deleted this meanwhile.")
        return _to(pk)
    enabled = request.POST.get("enabled") == "1"
    try:
        value = {**part.value, "enabled": enabled}
        change_part(version_id=pk, section=section, key=key, value=value, seen=part.seen, user=request.user)
        messages.success(request, f"“{part.value['title']}” is switched {'on' if enabled else 'off'}.")
    except RuleError as error:
        messages.error(request, f"Not switched {'on' if enabled else 'off'}: {error.problems[0].detail}")
    except Refused as refused:
        messages.error(request, refused.message)
    return _to(pk, key)


def _post(admin: VersionAdmin, request: HttpRequest, pk: int, key: str) -> HttpResponse:
    """Whatever stands in the way, the answer holds what was written."""
    data, remarks = _submitted(request)
    text = source_of(data) if request.POST.get("rule") and data is not None else request.POST.get("source", "")
    version = WorkflowVersion.objects.select_related("workflow").filter(pk=pk).first()
    if not request.user.has_perm(CHANGE) or not admin.has_view_permission(request):
        return _kept(admin, request, version, text, NOT_ALLOWED, 403)
    if version is None:
        return _kept(admin, request, None, text, GONE, 410)
    seen = request.POST.get("over") or request.POST.get("seen", "")
    deleting = request.POST.get("action") == "delete"
    page = partial(_page, admin, request, version, key, data, seen, source=text)
    if remarks and not deleting:
        return page(remarks=remarks, status=400)
    again = request.POST.get("action") == "again"
    given = {"version_id": pk, "section": "rules", "user": request.user}
    try:
        if deleting:
            change_part(**given, key=key, value=None, seen=seen)
        else:
            change_part(**given, key=key, value=data, seen=seen, new=again or not key)
    except PartError as error:
        own, others = _split(error)
        return page(remarks=own, others=others, status=400)
    except Overtaken as overtaken:
        return page(overtaken=overtaken, status=409)
    except Refused as refused:
        return _kept(admin, request, version, text, refused.message, 409)
    title = str(data.get("title", key)) if isinstance(data, dict) else key
    messages.success(request, f"The rule “{title}” is {'deleted' if deleting else 'saved'}.")
    return _to(pk, "" if deleting or not isinstance(data, dict) else str(data.get("key", "")))


def _page(
    admin: VersionAdmin,
    request: HttpRequest,
    version: WorkflowVersion,
    key: str,
    rule: Any,
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
    said = say(version, content, rule, key=key) if rule is not None and rule is not NEW else Said(None)
    remarks = remarks or (said.remarks if status != 200 else ())
    title = f"Rule “{rule.get('title') or key}”" if key and isinstance(rule, dict) else "New rule"
    examples = request.user.has_perm("orchestration.view_case")
    return admin.page(
        request,
        "rule.html",
        title,
        version=version,
        status_label=status_label(VersionStatus(version.status)),
        key=key,
        seen=seen,
        source=source or source_of(rule),
        sentence=said.sentence,
        remarks=[(place_in_words(one.pointer, rule), one.detail) for one in remarks if one.severity == "error"],
        others=others,
        overtaken=overtaken,
        over=digest(overtaken.now) if overtaken and overtaken.now is not None else "",
        differences=differing(overtaken.now, rule, content) if overtaken and overtaken.now is not None else (),
        document={
            "key": key,
            "rule": to_wire(rule),
            "problems": [_shown(one) for one in (remarks or said.remarks)],
            "unsaved": status != 200,
        },
        vocabulary=vocabulary(version, content, examples=examples),
        status=status,
    )


def _kept(
    admin: VersionAdmin, request: HttpRequest, version: WorkflowVersion | None, text: str, reason: str, status: int
) -> HttpResponse:
    """The rule cannot be saved at all: the reason, and the text to copy."""
    return admin.page(request, "rule_kept.html", "Not saved", version=version, text=text, reason=reason, status=status)


def _submitted(request: HttpRequest) -> tuple[Any, tuple[Remark, ...]]:
    """The rule as the editor sent it (JSON), or as YAML where there is no JavaScript or the source was open."""
    if not request.POST.get("rule"):
        return _asked({"source": request.POST.get("source", "")})
    try:
        return _asked({"rule": json.loads(request.POST["rule"])})
    except (ValueError, RecursionError):
        return None, (Remark("error", "", "The rule could not be read. Reload the page and try again."),)


def _asked(asked: dict[str, Any]) -> tuple[Any, tuple[Remark, ...]]:
    if isinstance(asked.get("source"), str):
        return read_source(asked["source"].replace("\r\n", "\n"))
    try:
        return from_wire(asked.get("rule")), ()
    except RecursionError:
        return None, (Remark("error", "", "The rule is nested too deeply."),)


def _split(error: PartError) -> tuple[tuple[Remark, ...], tuple[tuple[str, str], ...]]:
    """The rule's own problems, and those that the change would make elsewhere, each with its place in words."""
    prefix = error.place
    own = [one for one in error.problems if prefix and (one.pointer == prefix or one.pointer.startswith(f"{prefix}/"))]
    others = [(place_in_words(one.pointer, error.document), one.detail) for one in error.problems if one not in own]
    return tuple(Remark("error", one.pointer.removeprefix(prefix), one.detail) for one in own), tuple(others)


def _draft_to_change(admin: VersionAdmin, request: HttpRequest, pk: int) -> WorkflowVersion | HttpResponse:
    version = admin.version(request, pk)
    if not request.user.has_perm(CHANGE):
        raise PermissionDenied
    if version.status != VersionStatus.DRAFT:
        messages.error(request, f"Version {version.number} never changes. Make a new draft from it instead.")
        return _to(pk)
    return version


def _free_key(key: str, taken: set[str]) -> str:
    return next(f"{key[:90]}-{number}" for number in range(2, len(taken) + 3) if f"{key[:90]}-{number}" not in taken)


def _shown(remark: Remark) -> dict[str, str]:
    return {"severity": remark.severity, "pointer": remark.pointer, "detail": remark.detail}


def _view(admin: VersionAdmin, view: Any, *, post: bool = False, **fixed: Any) -> Any:
    called = stays(partial(view, admin, **fixed))
    return admin.admin_site.admin_view(require_POST(called) if post else called)


def _to(pk: int, key: str = "") -> HttpResponse:
    url = reverse("admin:orchestration_workflowversion_change", args=[pk])
    return HttpResponseRedirect(f"{url}#{key}" if key else url)
