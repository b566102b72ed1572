"""The page of one decision table of a draft: a grid or YAML, checked as one types, out of and into files."""

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
from orchestration.admin.staying import stays
from orchestration.admin.table_page import Draft, kept_page, shown, table_page
from orchestration.models import VersionStatus, WorkflowVersion
from orchestration.rules.lone_table import TableRemark
from orchestration.rules.parse import RuleError
from orchestration.services.draft import GONE, Overtaken, PartError, change_part, part_of
from orchestration.services.editing import content_of, from_wire, source_of
from orchestration.services.refusal import Refused
from orchestration.services.table_file import (
    MAX_FILE,
    Taken,
    file_of,
    read_table_source,
    say_table,
    tables_in_file,
)

if TYPE_CHECKING:
    from orchestration.admin.version import VersionAdmin

CHANGE: Final = "orchestration.change_workflowversion"
MAX_BODY: Final = 2_500_000
NOT_ALLOWED: Final = "You may not change versions any more. Ask an Orchestration Architect."
UNREADABLE: Final = "The table could not be read. Reload the page and try again."
MAX_CHOICES: Final = 50
_PLAIN: Final = ("string", "integer", "number", "boolean")


def urls(admin: VersionAdmin) -> list[URLPattern]:
    """A table whose key is `new` is reached as `~new`: no key starts with that sign."""
    name = "orchestration_workflowversion_table"
    return [
        path("<int:pk>/tables/new/", _view(admin, table_view, key=""), name=f"{name}-new"),
        path("<int:pk>/tables/~check/", _view(admin, check_view, post=True), name=f"{name}-check"),
        path("<int:pk>/tables/<str:key>/export.<str:kind>", _view(admin, export_view), name=f"{name}-export"),
        path("<int:pk>/tables/<str:key>/", _view(admin, table_view), name=name),
    ]


def table_view(admin: VersionAdmin, request: HttpRequest, pk: int, key: str) -> HttpResponse:
    """One table: shown, saved, duplicated, deleted, or filled from a file. Without a key it is a new one."""
    key = key.removeprefix("~")
    if request.method == "POST":
        return _post(admin, request, pk, key)
    version = admin.version(request, pk)
    if not request.user.has_perm(CHANGE):
        raise PermissionDenied
    if version.status != VersionStatus.DRAFT:
        messages.error(request, f"Version {version.number} never changes. Make a new draft from it instead.")
        return _to(pk)
    part = part_of(version, "tables", key)
    if key and part.value is None:
        raise Http404("This version has no such table.")
    table: Any = part.value or _new(version)
    copied = part_of(version, "tables", request.GET.get("from", "")).value if not key else None
    if copied is not None:
        table = {**copied, "key": _free_key(copied["key"], version), "title": f"{copied['title']} (copy)"[:300]}
    return table_page(admin, request, Draft(version, key, part.seen), table, fresh=not key and copied is None)


def check_view(admin: VersionAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """JSON `{key, table}` → `{problems: [{severity, pointer, detail, rows}]}`. Stores nothing."""
    if not request.user.has_perm(CHANGE):
        return JsonResponse({"problems": [shown(TableRemark("error", "", NOT_ALLOWED))]}, status=403)
    try:
        asked = _json(request.body) if len(request.body) <= MAX_BODY else None
        data = from_wire(asked["table"]) if isinstance(asked, dict) else None
    except (ValueError, KeyError, RecursionError, RequestDataTooBig):
        asked = data = None
    if not isinstance(asked, dict) or data is None:
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
        return _to(pk, key)
    name = f"{version.workflow.slug}-{version.number}-{key}.{kind}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(content, content_type=content_type, headers=headers)


def _post(admin: VersionAdmin, request: HttpRequest, pk: int, key: str) -> HttpResponse:
    """Whatever stands in the way, the answer holds what was written."""
    data, fault = _submitted(request)
    text = request.POST.get("source", "") if data is None else source_of(data)
    version = WorkflowVersion.objects.select_related("workflow").filter(pk=pk).first()
    if not request.user.has_perm(CHANGE) or not admin.has_view_permission(request):
        return kept_page(admin, request, version, text, NOT_ALLOWED, 403)
    if version is None:
        return kept_page(admin, request, None, text, GONE, 410)
    if version.status != VersionStatus.DRAFT:
        said = f"Version {version.number} is {version.get_status_display().lower()} and never changes."
        return kept_page(admin, request, version, text, said, 409)
    draft = Draft(version, key, request.POST.get("over") or request.POST.get("seen", ""))
    action = request.POST.get("action", "")
    if action == "import":
        return _import(admin, request, draft, data, text)
    if action.startswith("take-"):
        return _take(admin, request, draft, action.removeprefix("take-"), data, text)
    if fault is not None and action != "delete":
        return table_page(admin, request, draft, data, source=text, remarks=(fault,), status=400)
    return _save(admin, request, draft, data, text, action)


def _save(admin: VersionAdmin, request: HttpRequest, draft: Draft, data: Any, text: str, action: str) -> HttpResponse:
    version, key = draft.version, draft.key
    deleting = action == "delete"
    given = {"version_id": version.pk, "section": "tables", "key": key, "seen": draft.seen, "user": request.user}
    page = partial(table_page, admin, request, draft, data, source=text)
    try:
        if deleting:
            change_part(**given, value=None)
        else:
            change_part(**given, value=data, new=action == "again" or not key)
    except PartError as error:
        own, others = _split(error, version)
        if deleting:
            stored = part_of(version, "tables", key).value
            return table_page(admin, request, draft, stored or data, remarks=own, others=others, status=400)
        return page(remarks=own, others=others, status=400)
    except Overtaken as overtaken:
        return page(overtaken=overtaken, status=409)
    except Refused as refused:
        return kept_page(admin, request, version, text, refused.message, 409)
    title = str(data.get("title", key)) if isinstance(data, dict) and not deleting else key
    messages.success(request, f"The table “{title}” is {'deleted' if deleting else 'saved'}.")
    return _to(version.pk, "" if deleting or not isinstance(data, dict) else str(data.get("key", "")))


def _import(admin: VersionAdmin, request: HttpRequest, draft: Draft, data: Any, text: str) -> HttpResponse:
    """A file's table in the place of what was on the page; nothing is saved yet."""
    upload = request.FILES.get("file")
    fault = ""
    found: tuple[Taken, ...] = ()
    if upload is None:
        fault = "Choose a file first: .xlsx, .csv or .dmn."
    elif upload.size > MAX_FILE:
        fault = f"The file is larger than {MAX_FILE // 2**20} MiB."
    else:
        try:
            found = tables_in_file(upload.name, upload.read(), content_of(draft.version))
        except RuleError as error:
            remarks = tuple(TableRemark("error", "", problem.detail) for problem in error.problems[:20])
            return table_page(admin, request, draft, data, source=text, remarks=remarks, status=400, what="imported")
    if fault:
        remarks = (TableRemark("error", "", fault),)
        return table_page(admin, request, draft, data, source=text, remarks=remarks, status=400, what="imported")
    choices = [
        {"table": dict(one.table), "remarks": [(remark.place, remark.text) for remark in one.remarks]} for one in found
    ]
    return _with_choice(admin, request, draft, choices, 0, upload.name if upload else "")


def _take(admin: VersionAdmin, request: HttpRequest, draft: Draft, number: str, data: Any, text: str) -> HttpResponse:
    """Another table of the file that was read before; it travels in the page, and is read as anything typed."""
    try:
        choices = _json(request.POST.get("choices", ""))
        choice = choices[int(number)]
        assert isinstance(choice["table"], dict)  # noqa: S101 - what else there is, the check says
        choices = [
            {"table": dict(one["table"]), "remarks": [(str(a), str(b)) for a, b in one["remarks"]]} for one in choices
        ]
    except (ValueError, LookupError, TypeError, AssertionError, RecursionError):
        remarks = (TableRemark("error", "", "Choose the file again."),)
        return table_page(admin, request, draft, data, source=text, remarks=remarks, status=400, what="imported")
    return _with_choice(admin, request, draft, choices, int(number), request.POST.get("file_name", ""))


def _with_choice(
    admin: VersionAdmin, request: HttpRequest, draft: Draft, choices: list[Any], number: int, name: str
) -> HttpResponse:
    table, remarks = dict(choices[number]["table"]), list(choices[number]["remarks"])
    if draft.key and table.get("key") != draft.key:
        said = f"The file's table has the key “{str(table.get('key'))[:100]}”; this one keeps its own, “{draft.key}”."
        remarks.insert(0, ("Key", said))
        table["key"] = draft.key
    imported = {
        "name": name[-100:],
        "remarks": remarks,
        "choices": [str(one["table"].get("title", "")) for one in choices[:MAX_CHOICES]],
        "taken": number,
        "json": json.dumps(choices[:MAX_CHOICES]) if len(choices) > 1 else "",
    }
    return table_page(admin, request, draft, table, imported=imported)


def _submitted(request: HttpRequest) -> tuple[Any, TableRemark | None]:
    """The table as the grid sent it (JSON), or as YAML where there is no JavaScript."""
    try:
        if request.POST.get("table"):
            found = from_wire(_json(request.POST["table"]))
            return found, None if isinstance(found, dict) else TableRemark("error", "", UNREADABLE)
        return read_table_source(request.POST.get("source", "").replace("\r\n", "\n")), None
    except RuleError as error:
        return None, TableRemark("error", "", error.problems[0].detail)
    except (ValueError, RecursionError):
        return None, TableRemark("error", "", UNREADABLE)


def _split(error: PartError, version: WorkflowVersion) -> tuple[tuple[TableRemark, ...], tuple[tuple[str, str], ...]]:
    """The table's own problems, and those that the change would make elsewhere, each with its place in words."""
    prefix = error.place
    own = [one for one in error.problems if one.pointer == prefix or one.pointer.startswith(f"{prefix}/")]
    others = [(place_in_words(one.pointer, version.content), one.detail) for one in error.problems if one not in own]
    return tuple(TableRemark("error", one.pointer.removeprefix(prefix), one.detail) for one in own), tuple(others)


def _new(version: WorkflowVersion) -> dict[str, Any]:
    """An empty table over the first field of the payload, deciding the first outcome."""
    fields = version.content.get("input_schema", {}).get("properties", {})
    plain = (name for name, one in fields.items() if isinstance(one, dict) and one.get("type") in _PLAIN)
    fact = next((f"case.{name}" for name in plain if "." not in name), "meta.priority")
    return {
        "key": _free_key("table", version, bare=True),
        "title": "",
        "hit_policy": "first",
        "inputs": [{"fact": fact}],
        "outputs": [{"set": "derived.result", "type": "string"}],
        "rows": [{"key": "row-1", "when": ["-"], "then": [None]}],
    }


def _free_key(key: str, version: WorkflowVersion, *, bare: bool = False) -> str:
    taken = {one["key"] for section in ("rules", "tables") for one in version.content.get(section, [])}
    if bare and key not in taken:
        return key
    return next(f"{key[:90]}-{number}" for number in range(2, len(taken) + 3) if f"{key[:90]}-{number}" not in taken)


def _json(text: str | bytes) -> Any:
    """Plain JSON, without the NaN and Infinity that Python would let through. Raises ValueError."""

    def refuse(word: str) -> Any:
        raise ValueError(word)

    return json.loads(text, parse_constant=refuse)


def _view(admin: VersionAdmin, view: Any, *, post: bool = False, **fixed: Any) -> Any:
    called = stays(partial(view, admin, **fixed))
    return admin.admin_site.admin_view(require_POST(called) if post else called)


def _to(pk: int, key: str = "") -> HttpResponse:
    url = reverse("admin:orchestration_workflowversion_change", args=[pk])
    return HttpResponseRedirect(f"{url}#{key}" if key else url)
