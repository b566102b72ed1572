"""The page of one rule of a draft: written with an editor or as YAML, checked as one writes, saved on its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.urls import URLPattern, path

from orchestration.admin.draft_part import (
    CHANGE,
    NOT_ALLOWED,
    DraftPart,
    asked_of,
    copy_of,
    draft_to_change,
    part_view,
    posted,
    shown,
    to_version,
)
from orchestration.rules.parse import RuleError
from orchestration.services.draft import Overtaken, change_part, part_of
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

NEW: Final = {"key": "", "title": "", "when": "always", "then": []}


def urls(admin: VersionAdmin) -> list[URLPattern]:
    """A rule whose key is `new` is reached as `~new`: no key starts with that sign."""
    name = "orchestration_workflowversion_rule"
    return [
        path("<int:pk>/rules/new/", part_view(admin, rule_view, key=""), name=f"{name}-new"),
        path("<int:pk>/rules/~say/", part_view(admin, say_view, post=True), name=f"{name}-say"),
        path("<int:pk>/rules/<str:key>/switch/", part_view(admin, switch_view, post=True), name=f"{name}-switch"),
        path("<int:pk>/rules/<str:key>/", part_view(admin, rule_view), name=name),
    ]


def rule_view(admin: VersionAdmin, request: HttpRequest, pk: int, key: str) -> HttpResponse:
    """One rule: shown, saved, duplicated or deleted. Without a key it is a new one."""
    key = key.removeprefix("~")
    if request.method == "POST":
        part = posted(admin, request, pk, key, "rule", read_source)
        return part if isinstance(part, HttpResponse) else part.saved("rules", _page)
    version = draft_to_change(admin, request, pk)
    if isinstance(version, HttpResponse):
        return version
    stored = part_of(version, "rules", key)
    if key and stored.value is None:
        raise Http404("This version has no such rule.")
    rule = stored.value or copy_of(version, "rules", request.GET.get("from", "")) or NEW
    return _page(DraftPart(admin, request, "rule", version, key, stored.seen, rule))


def say_view(admin: VersionAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """JSON `{key, rule}` or `{key, source}` → `{rule, source, sentence, problems}`. Nothing is stored."""
    if not request.user.has_perm(CHANGE):
        return JsonResponse({"problems": [shown(Remark("error", "", NOT_ALLOWED))]}, status=403)
    asked = asked_of(request)
    if asked is None:
        return JsonResponse({"problems": [shown(Remark("error", "", "The rule could not be read."))]}, status=400)
    version = admin.version(request, pk)
    data, remarks = _asked(asked)
    if remarks:
        return JsonResponse({"rule": None, "source": None, "sentence": "", "problems": [shown(one) for one in remarks]})
    said = say(version, content_of(version), data, key=str(asked.get("key", "")))
    return JsonResponse(
        {
            "rule": None if said.rule is None else to_wire(said.rule),
            "source": source_of(data if said.rule is None else said.rule),
            "sentence": said.sentence,
            "problems": [shown(one) for one in said.remarks],
        }
    )


def switch_view(admin: VersionAdmin, request: HttpRequest, pk: int, key: str) -> HttpResponse:
    """Switch a rule or table on or off as it is stored now."""
    key = key.removeprefix("~")
    version = draft_to_change(admin, request, pk)
    if isinstance(version, HttpResponse):
        return version
    section = "tables" if request.POST.get("section") == "tables" else "rules"
    part = part_of(version, section, key)
    if part.value is None:
        messages.error(request, "Somebody deleted this meanwhile.")
        return to_version(pk)
    enabled = request.POST.get("enabled") == "1"
    try:
        value = {**part.value, "enabled": enabled}
        change_part(version_id=pk, section=section, key=key, value=value, seen=part.seen, user=request.user)
        messages.success(request, f"“{part.value['title']}” is switched {'on' if enabled else 'off'}.")
    except RuleError as error:
        messages.error(request, f"Not switched {'on' if enabled else 'off'}: {error.problems[0].detail}")
    except Refused as refused:
        messages.error(request, refused.message)
    return to_version(pk, key)


def _page(
    part: DraftPart,
    *,
    remarks: tuple[Remark, ...] = (),
    overtaken: Overtaken | None = None,
    status: int = 200,
    **why: Any,
) -> HttpResponse:
    version, rule, key = part.version, part.data, part.key
    try:
        content = content_of(version)
    except RuleError as error:
        return part.unreadable(error)
    said = say(version, content, rule, key=key) if rule is not None and rule is not NEW else Said(None)
    now = overtaken.now if overtaken else None
    return part.page(
        "rule.html",
        f"Rule “{rule.get('title') or key}”" if key and isinstance(rule, dict) else "New rule",
        remarks=remarks or (said.remarks if status != 200 else ()),
        overtaken=overtaken,
        status=status,
        stored="",
        differences=differing(now, rule, content) if now is not None else (),
        sentence=said.sentence,
        document={"rule": to_wire(rule), "problems": [shown(one) for one in (remarks or said.remarks)]},
        vocabulary=vocabulary(version, content, examples=part.request.user.has_perm("orchestration.view_case")),
        **why,
    )


def _asked(asked: dict[str, Any]) -> tuple[Any, tuple[Remark, ...]]:
    if isinstance(asked.get("source"), str):
        return read_source(asked["source"].replace("\r\n", "\n"))
    try:
        return from_wire(asked.get("rule")), ()
    except RecursionError:
        return None, (Remark("error", "", "The rule is nested too deeply."),)
