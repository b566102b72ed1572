"""The pages of a version's scenarios: run beside the published version, made from cases, edited, imported, exported."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_POST

from orchestration.admin.draft_part import CHANGE, NOT_ALLOWED, kept
from orchestration.admin.draft_sections import place_in_words
from orchestration.admin.staying import stays
from orchestration.facts import digest
from orchestration.models import Case, VersionStatus, WorkflowVersion
from orchestration.rules.pack import dump_yaml, load_yaml
from orchestration.rules.parse import RuleError
from orchestration.rules.scenario_file import csv_of_scenarios, scenarios_from_file, xlsx_of_scenarios
from orchestration.services import scenario as scenarios
from orchestration.services.draft import GONE, Overtaken, change_part, part_of
from orchestration.services.refusal import Refused
from orchestration.services.scenario_import import import_scenarios

if TYPE_CHECKING:
    from orchestration.admin.version import VersionAdmin

VIEW_CASE: Final = "orchestration.view_case"
AT_ONCE: Final = 200
"""So many scenarios are run while the page is made; more are run piece by piece."""
MAX_FILE: Final = 5 * 1024 * 1024
MAX_TEXT: Final = 500_000
_FORMATS: Final = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_EMPTY: Final = "title: \ngiven:\n  case: {}\nexpect:\n  outcome: \n"


def urls(admin: VersionAdmin) -> list[URLPattern]:
    name = "orchestration_workflowversion_scenario"
    routes: list[tuple[str, Any, str]] = [
        ("", list_view, "s"),
        ("run/", run_view, "s-run"),
        ("export/", export_view, "s-export"),
        ("import/", import_view, "s-import"),
        ("new/", new_view, "-new"),
        ("from-case/", require_POST(from_case_view), "-from-case"),
        ("<int:number>/", edit_view, ""),
    ]
    wrap = admin.admin_site.admin_view
    return [
        path(f"<int:pk>/scenarios/{route}", wrap(stays(_with(admin, view))), name=name + ending)
        for route, view, ending in routes
    ]


def _with(admin: VersionAdmin, view: Any) -> Any:
    def called(request: HttpRequest, pk: int, **more: Any) -> HttpResponse:
        typed = request.POST.get("text")
        if typed and not WorkflowVersion.objects.filter(pk=pk).exists():
            return kept(admin, request, None, "scenario", typed, GONE, 410)
        return view(request, admin=admin, version=admin.version(request, pk), **more)  # type: ignore[no-any-return]

    return called


def list_view(request: HttpRequest, *, admin: VersionAdmin, version: WorkflowVersion) -> HttpResponse:
    """All scenarios; `?run=all` runs them now however many they are, as does the page without JavaScript."""
    total = len(version.content.get("scenarios", []))
    at_once = total <= AT_ONCE or request.GET.get("run") == "all"
    may_see_cases = request.user.has_perm(VIEW_CASE)
    search = request.GET.get("search", "").strip()[:200]
    context: dict[str, Any] = {
        "version": version,
        "published": _published(version),
        "total": total,
        "at_once": at_once,
        "can_edit": _may_change(request, version),
        "may_see_cases": may_see_cases,
        "search": search,
        "cases": scenarios.recent_cases(workflow=version.workflow, search=search) if may_see_cases else [],
    }
    try:
        if at_once:
            rows = scenarios.compared(version=version, published=_published(version))
            context |= {"rows": rows, "coverage": scenarios.covered(version, rows), **_counts(rows)}
        else:
            context |= {"titles": [one.get("title", "") for one in version.content["scenarios"]]}
    except RuleError as error:
        context["unreadable"] = error.problems[0].detail
    return admin.page(request, "scenarios.html", f"Scenarios of {version}", **context)


def run_view(request: HttpRequest, *, admin: VersionAdmin, version: WorkflowVersion) -> HttpResponse:
    """A piece of the list as HTML rows (`first`), or with `coverage` what all of them cover."""
    if "coverage" in request.GET:
        found = scenarios.covered(version)
        return admin.page(request, "scenario_coverage.html", "Coverage", version=version, coverage=found)
    first = request.GET.get("first", "")
    start = int(first) if first.isdecimal() and len(first) < 6 else 0
    published = _published(version)
    rows = scenarios.compared(version=version, published=published, first=start, count=scenarios.CHUNK)
    context = {"version": version, "published": published, "rows": rows, "can_edit": _may_change(request, version)}
    answer = admin.page(request, "scenario_rows.html", "Scenarios", **context)
    counts = _counts(rows)
    answer["X-Passed"], answer["X-Failed"] = str(counts["passed"]), str(counts["failed"])
    return answer


def new_view(request: HttpRequest, *, admin: VersionAdmin, version: WorkflowVersion) -> HttpResponse:
    return edit_view(request, admin=admin, version=version, number=None)


def edit_view(
    request: HttpRequest, *, admin: VersionAdmin, version: WorkflowVersion, number: int | None
) -> HttpResponse:
    """One scenario as YAML: shown, saved or deleted."""
    part = part_of(version, "scenarios", "" if number is None else str(number))
    if number is not None and part.value is None and request.method != "POST":
        raise Http404("This version has no such scenario.")
    context: dict[str, Any] = {"number": number, "seen": part.seen, "can_edit": _may_change(request, version)}
    if request.method != "POST":
        text = _EMPTY if part.value is None else dump_yaml(part.value)
        return _editor(request, admin, version, text, **context)
    text = request.POST.get("text", "").replace("\r\n", "\n")
    context["seen"] = request.POST.get("seen", "")
    if not request.user.has_perm(CHANGE):
        return _editor(request, admin, version, text, refusal=NOT_ALLOWED, status=403, **context)
    deleting = "delete" in request.POST
    try:
        value = None if deleting else _scenario(text)
        saved = change_part(
            version_id=version.pk,
            section="scenarios",
            key="" if number is None else str(number),
            value=value,
            seen=context["seen"],
            user=request.user,
            new=number is None,
        )
    except RuleError as error:
        problems = [(_place(problem.pointer, number, version), problem.detail) for problem in error.problems]
        return _editor(request, admin, version, text, problems=problems, status=400, **context)
    except Overtaken as overtaken:
        now = "" if overtaken.now is None else dump_yaml(overtaken.now)
        context["seen"] = "" if overtaken.now is None else digest(overtaken.now)
        return _editor(request, admin, version, text, refusal=overtaken.message, now=now, status=409, **context)
    except Refused as refused:
        return _editor(request, admin, version, text, refusal=refused.message, status=409, **context)
    messages.success(request, "The scenario is deleted." if deleting else "The scenario is saved.")
    return _to(saved.pk)


def from_case_view(request: HttpRequest, *, admin: VersionAdmin, version: WorkflowVersion) -> HttpResponse:
    """A scenario from a case, by its row number, its reference or its case number, in one step."""
    _require_change(request)
    if not request.user.has_perm(VIEW_CASE):
        raise PermissionDenied
    wanted = request.POST.get("case", "").strip()[:200]
    try:
        case = _case(version, wanted)
        value = scenarios.scenario_of_case(case=case)
        saved = change_part(
            version_id=version.pk, section="scenarios", key="", value=value, seen="", user=request.user, new=True
        )
    except RuleError as error:
        messages.error(request, f"No scenario was made: {error.problems[0].detail}")
        return _to(version.pk)
    except Refused as refused:
        messages.error(request, refused.message)
        return _to(version.pk)
    messages.success(request, f"“{value['title']}” is a scenario now.")
    return HttpResponseRedirect(f"{_url(saved.pk)}#scenario-{len(saved.content['scenarios']) - 1}")


def export_view(request: HttpRequest, *, admin: VersionAdmin, version: WorkflowVersion) -> HttpResponse:
    kind = "xlsx" if request.GET.get("format") == "xlsx" else "csv"
    found = version.content.get("scenarios", [])
    try:
        content: str | bytes = xlsx_of_scenarios(found) if kind == "xlsx" else csv_of_scenarios(found)
    except RuleError as error:
        messages.error(request, error.problems[0].detail)
        return _to(version.pk)
    name = f"{version.workflow.slug}-{version.number}-scenarios.{kind}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(content, content_type=_FORMATS[kind], headers=headers)


def import_view(request: HttpRequest, *, admin: VersionAdmin, version: WorkflowVersion) -> HttpResponse:
    """Scenarios from a spreadsheet: added, or put in the place of those of the same title."""
    _require_change(request)
    problems: list[tuple[str, str]] = []
    if request.method == "POST":
        upload = request.FILES.get("file")
        try:
            if upload is None:
                raise Refused("Choose a file first.")
            if upload.size > MAX_FILE:
                raise Refused(f"The file is larger than {MAX_FILE // 2**20} MiB.")
            done = import_scenarios(
                version_id=version.pk,
                scenarios=scenarios_from_file(upload.read()),
                user=request.user,
                replace="replace" in request.POST,
            )
            messages.success(request, f"Imported: {done.added} new, {done.changed} changed, {done.same} as they were.")
            return _to(version.pk)
        except RuleError as error:
            problems = [(place_in_words(one.pointer, {}) if one.pointer else "", one.detail) for one in error.problems]
        except Refused as refused:
            problems = [("", refused.message)]
    title = f"Import scenarios into {version}"
    status = 400 if problems else 200
    return admin.page(request, "scenario_import.html", title, version=version, problems=problems, status=status)


def _editor(
    request: HttpRequest, admin: VersionAdmin, version: WorkflowVersion, text: str, **context: Any
) -> HttpResponse:
    number = context["number"]
    title = "New scenario" if number is None else f"Scenario {number + 1} of {version}"
    rows = min(max(text.count("\n") + 2, 14), 36)
    return admin.page(request, "scenario.html", title, version=version, text=text, rows=rows, **context)


def _scenario(text: str) -> Any:
    if len(text) > MAX_TEXT:
        raise Refused(f"The scenario is longer than {MAX_TEXT:,} characters.")
    found = load_yaml(text)
    if not isinstance(found, dict):
        raise Refused("A scenario has the entries title, given and expect.")
    return found


def _case(version: WorkflowVersion, wanted: str) -> Case:
    cases = Case.objects.filter(workflow=version.workflow)
    if wanted.startswith("pk:") and wanted[3:].isdecimal() and len(wanted) < 22:
        found = cases.filter(pk=int(wanted[3:])).first()
    else:
        found = next(iter(scenarios.recent_cases(workflow=version.workflow, search=wanted)), None) if wanted else None
    if found is None:
        raise Refused(f"This workflow has no case “{wanted}”, or its content is erased.")
    return found


def _place(pointer: str, number: int | None, version: WorkflowVersion) -> str:
    """Where in the scenario; for another part of the version, where in that."""
    own = f"/scenarios/{len(version.content.get('scenarios', [])) if number is None else number}"
    if pointer == own or pointer.startswith(f"{own}/"):
        return " › ".join(part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[3:])
    return place_in_words(pointer, version.content) if pointer else ""


def _published(version: WorkflowVersion) -> WorkflowVersion | None:
    """The published version to hold this one against; None where it is this one."""
    found: WorkflowVersion | None = version.workflow.published_version
    return None if found is None or found.pk == version.pk else found


def _counts(rows: list[scenarios.Compared]) -> dict[str, int]:
    passed = sum(row.here.passed for row in rows)
    return {"passed": passed, "failed": len(rows) - passed}


def _may_change(request: HttpRequest, version: WorkflowVersion) -> bool:
    return version.status == VersionStatus.DRAFT and request.user.has_perm(CHANGE)


def _require_change(request: HttpRequest) -> None:
    if not request.user.has_perm(CHANGE):
        raise PermissionDenied


def _url(pk: int) -> str:
    return reverse("admin:orchestration_workflowversion_scenarios", args=[pk])


def _to(pk: int) -> HttpResponse:
    return HttpResponseRedirect(_url(pk))
