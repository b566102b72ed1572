"""The page of one decision table of a draft: a grid or YAML, checked as one types, out of and into files."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.urls import URLPattern, path

from orchestration.admin.draft_part import (
    CHANGE,
    MAX_BODY,
    NOT_ALLOWED,
    DraftPart,
    asked_of,
    copy_of,
    draft_to_change,
    free_key,
    json_of,
    part_view,
    posted,
    to_version,
)
from orchestration.admin.table_page import shown, table_page
from orchestration.models import WorkflowVersion
from orchestration.rules.lone_table import TableRemark
from orchestration.rules.parse import RuleError
from orchestration.services.draft import part_of
from orchestration.services.editing import Remark, content_of, from_wire, read_source
from orchestration.services.table_file import MAX_FILE, Taken, file_of, say_table, tables_in_file

if TYPE_CHECKING:
    from orchestration.admin.version import VersionAdmin

UNREADABLE: Final = "The table could not be read. Reload the page and try again."
MAX_CHOICES: Final = 50
_PLAIN: Final = ("string", "integer", "number", "boolean")
_read: Final = partial(
    read_source, noun="table", entries="key, title, hit_policy, inputs, outputs and rows", most=MAX_BODY
)


def urls(admin: VersionAdmin) -> list[URLPattern]:
    """A table whose key is `new` is reached as `~new`: no key starts with that sign."""
    name = "orchestration_workflowversion_table"
    return [
        path("<int:pk>/tables/new/", part_view(admin, table_view, key=""), name=f"{name}-new"),
        path("<int:pk>/tables/~check/", part_view(admin, check_view, post=True), name=f"{name}-check"),
        path("<int:pk>/tables/<str:key>/export.<str:kind>", part_view(admin, export_view), name=f"{name}-export"),
        path("<int:pk>/tables/<str:key>/", part_view(admin, table_view), name=name),
    ]


def table_view(admin: VersionAdmin, request: HttpRequest, pk: int, key: str) -> HttpResponse:
    """One table: shown, saved, duplicated, deleted, or filled from a file. Without a key it is a new one."""
    key = key.removeprefix("~")
    if request.method == "POST":
        return _post(admin, request, pk, key)
    version = draft_to_change(admin, request, pk)
    if isinstance(version, HttpResponse):
        return version
    stored = part_of(version, "tables", key)
    if key and stored.value is None:
        raise Http404("This version has no such table.")
    table = stored.value or copy_of(version, "tables", request.GET.get("from", ""))
    part = DraftPart(admin, request, "table", version, key, stored.seen, table or _new(version))
    return table_page(part, fresh=table is None)


def check_view(admin: VersionAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """JSON `{key, table}` → `{problems: [{severity, pointer, detail, rows}]}`. Stores nothing."""
    if not request.user.has_perm(CHANGE):
        return JsonResponse({"problems": [shown(TableRemark("error", "", NOT_ALLOWED))]}, status=403)
    asked = asked_of(request)
    try:
        data = from_wire(asked["table"]) if asked is not None else None
    except (KeyError, RecursionError):
        data = None
    if asked is None or data is None:
        return JsonResponse({"problems": [shown(TableRemark("error", "", UNREADABLE))]}, status=400)
    version = admin.version(request, pk)
    try:
        _, remarks = say_table(version, content_of(version), data, key=str(asked.get("key", "")))
    except RuleError as error:
        remarks = (TableRemark("error", "", f"This version cannot be read: {error.problems[0].detail}"),)
    return JsonResponse({"problems": [shown(one) for one in remarks]})


def export_view(admin: VersionAdmin, request: HttpRequest, pk: int, key: str, kind: str) -> HttpResponse:
    """The stored table as a file. Of any version: who may read it may take it along."""
    version = admin.version(request, pk)
    key = key.removeprefix("~")
    if kind not in ("csv", "xlsx") or part_of(version, "tables", key).value is None:
        raise Http404("This version has no such table.")
    try:
        table = next(one for one in content_of(version).tables if one.key == key)
        content, content_type = file_of(table, kind)
    except RuleError as error:
        messages.error(request, f"Not exported: {error.problems[0].detail}")
        return to_version(pk, key)
    name = f"{version.workflow.slug}-{version.number}-{key}.{kind}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(content, content_type=content_type, headers=headers)


def _post(admin: VersionAdmin, request: HttpRequest, pk: int, key: str) -> HttpResponse:
    part = posted(admin, request, pk, key, "table", _read)
    if isinstance(part, HttpResponse):
        return part
    if part.action == "import":
        return _import(part)
    if part.action.startswith("take-"):
        return _take(part, part.action.removeprefix("take-"))
    return part.saved("tables", table_page)


def _import(part: DraftPart) -> HttpResponse:
    """A file's table in the place of what was on the page; nothing is saved yet."""
    upload = part.request.FILES.get("file")
    if upload is None:
        return _not_imported(part, "Choose a file first: .xlsx, .csv or .dmn.")
    if upload.size > MAX_FILE:
        return _not_imported(part, f"The file is larger than {MAX_FILE // 2**20} MiB.")
    try:
        found: tuple[Taken, ...] = tables_in_file(upload.name, upload.read(), content_of(part.version))
    except RuleError as error:
        return _not_imported(part, *(problem.detail for problem in error.problems[:20]))
    choices = [
        {"table": dict(one.table), "remarks": [(remark.place, remark.text) for remark in one.remarks]} for one in found
    ]
    return _with_choice(part, choices, 0, upload.name)


def _take(part: DraftPart, number: str) -> HttpResponse:
    """Another table of the file that was read before; it travels in the page, and is read as anything typed."""
    try:
        choices = json_of(part.request.POST.get("choices", ""))
        choice = choices[int(number)]
        assert isinstance(choice["table"], dict)  # noqa: S101 - what else there is, the check says
        choices = [
            {"table": dict(one["table"]), "remarks": [(str(a), str(b)) for a, b in one["remarks"]]} for one in choices
        ]
    except (ValueError, LookupError, TypeError, AssertionError, RecursionError):
        return _not_imported(part, "Choose the file again.")
    return _with_choice(part, choices, int(number), part.request.POST.get("file_name", ""))


def _not_imported(part: DraftPart, *why: str) -> HttpResponse:
    return table_page(part, remarks=tuple(Remark("error", "", one) for one in why), status=400, what="imported")


def _with_choice(part: DraftPart, choices: list[Any], number: int, name: str) -> HttpResponse:
    table, remarks = dict(choices[number]["table"]), list(choices[number]["remarks"])
    if part.key and table.get("key") != part.key:
        said = f"The file's table has the key “{str(table.get('key'))[:100]}”; this one keeps its own, “{part.key}”."
        remarks.insert(0, ("Key", said))
        table["key"] = part.key
    imported = {
        "name": name[-100:],
        "remarks": remarks,
        "choices": [str(one["table"].get("title", "")) for one in choices[:MAX_CHOICES]],
        "taken": number,
        "json": json.dumps(choices[:MAX_CHOICES]) if len(choices) > 1 else "",
    }
    return table_page(replace(part, data=table, text=""), imported=imported)


def _new(version: WorkflowVersion) -> dict[str, Any]:
    """An empty table over the first field of the payload, deciding the first outcome."""
    fields = version.content.get("input_schema", {}).get("properties", {})
    plain = (name for name, one in fields.items() if isinstance(one, dict) and one.get("type") in _PLAIN)
    fact = next((f"case.{name}" for name in plain if "." not in name), "meta.priority")
    return {
        "key": "table" if part_of(version, "tables", "table").value is None else free_key(version, "table"),
        "title": "",
        "hit_policy": "first",
        "inputs": [{"fact": fact}],
        "outputs": [{"set": "derived.result", "type": "string"}],
        "rows": [{"key": "row-1", "when": ["-"], "then": [None]}],
    }
