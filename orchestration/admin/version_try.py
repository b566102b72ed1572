"""The page that tries a version on a case, a scenario or typed facts; also as a fragment beside the editors."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils import timezone

from orchestration.admin.draft_sections import place_in_words
from orchestration.facts import Problem
from orchestration.models import Case, WorkflowVersion
from orchestration.rules.example import example_given
from orchestration.rules.pack import dump_yaml, load_yaml
from orchestration.rules.parse import RuleError
from orchestration.services.editing import from_wire
from orchestration.services.refusal import Refused
from orchestration.services.scenario import given_of_case, recent_cases
from orchestration.services.trying import laid_over, ready, try_facts

if TYPE_CHECKING:
    from orchestration.admin.version import VersionAdmin

VIEW_CASE: Final = "orchestration.view_case"
MAX_TEXT: Final = 500_000
_SECTIONS: Final = ("rules", "tables", "parameters", "agents", "scenarios")


@dataclass(slots=True)
class Facts:
    """What stands in the form: the facts as text, and where they came from, in words."""

    text: str = ""
    origin: str = ""
    refusal: str = ""
    chosen: str = ""  # such as case:12 or scenario:3


def urls(admin: VersionAdmin) -> list[URLPattern]:
    view = admin.admin_site.admin_view(partial(try_view, admin))
    return [path("<int:pk>/try/", view, name="orchestration_workflowversion_try")]


def try_view(admin: VersionAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """GET fills the form (from `case` or `scenario`); POST tries its facts. Nothing is stored.

    A POST may bring one part as somebody is just writing it (`section`, `key`, `value` as JSON or YAML), which is
    laid over the version. With the header X-Fragment the answer is the form, or the result, alone.
    """
    version = admin.version(request, pk)
    fragment = "X-Fragment" in request.headers
    if request.method != "POST":
        context = _form(request, version, _facts(request, version))
        return admin.page(request, "try_form.html" if fragment else "try.html", f"Try {version}", **context)
    facts = Facts(text=request.POST.get("facts", "").replace("\r\n", "\n"), origin=request.POST.get("origin", ""))
    context = _tried(request, version, facts.text)
    status = 400 if context.get("problems") and not fragment else 200
    if fragment:
        return admin.page(request, "try_result.html", "Try", version=version, **context)
    return admin.page(request, "try.html", f"Try {version}", status=status, **_form(request, version, facts), **context)


def _tried(request: HttpRequest, version: WorkflowVersion, text: str) -> dict[str, Any]:
    """The trial, or `problems` with their places in words."""
    section, key = request.POST.get("section", ""), request.POST.get("key", "")
    document = version.content
    try:
        if section:
            part = _part(request.POST.get("value", ""))
            document = laid_over(document, section, key, part)
            key = str(part.get("key", key)) if isinstance(part, dict) else key
        given = _given(text)
        trial = try_facts(document=document, workflow=version.workflow, given=given, first=key)
    except RuleError as error:
        return {"problems": [(_place(problem, document), problem.detail) for problem in error.problems[:50]]}
    kept_out = sorted(trial.kept_out, key=lambda rule: (key not in (rule.key, rule.table), rule.far, rule.wrong))
    return {"trial": trial, "kept_out": kept_out, "unsaved": bool(section), "focus": key}


def _facts(request: HttpRequest, version: WorkflowVersion) -> Facts:
    """What the form starts with: the chosen case or scenario, else an example made from the schemas."""
    if chosen := request.GET.get("case", ""):
        return _facts_of_case(request, version, chosen)
    scenarios = version.content.get("scenarios", [])
    number = request.GET.get("scenario", "")
    if number.isdecimal() and len(number) < 6 and int(number) < len(scenarios):
        scenario = scenarios[int(number)]
        origin = f"Scenario “{scenario['title']}”"
        return Facts(dump_yaml(scenario["given"]), origin, chosen=f"scenario:{int(number)}")
    try:
        made = example_given(ready(version.content).content, f"{timezone.now():%Y-%m-%dT%H:%M:00Z}")
    except RuleError:
        return Facts("case: {}\n", "An empty case")
    return Facts(dump_yaml(made), "An example made from the fields that a case can have; change what you like")


def _facts_of_case(request: HttpRequest, version: WorkflowVersion, chosen: str) -> Facts:
    if not request.user.has_perm(VIEW_CASE):
        return Facts(refusal="You may not see cases, so choose a scenario or type the facts.")
    if not (chosen.isdecimal() and len(chosen) < 19):
        return Facts(refusal="There is no such case.")
    case = Case.objects.filter(pk=int(chosen), workflow=version.workflow).first()
    if case is None:
        return Facts(refusal="There is no such case in this workflow.")
    try:
        given = given_of_case(case=case)
    except Refused as refused:
        return Facts(refusal=refused.message)
    return Facts(dump_yaml(given), f"Case {case}, as it stands now", chosen=f"case:{case.pk}")


def _form(request: HttpRequest, version: WorkflowVersion, facts: Facts) -> dict[str, Any]:
    search = (request.GET.get("search", "")).strip()[:200]
    may_see_cases = request.user.has_perm(VIEW_CASE)
    scenarios = [(number, one.get("title", "")) for number, one in enumerate(version.content.get("scenarios", []))]
    return {
        "version": version,
        "facts": facts,
        "search": search,
        "may_see_cases": may_see_cases,
        "cases": recent_cases(workflow=version.workflow, search=search) if may_see_cases else [],
        "scenarios": scenarios[:500],
        "rows": min(max(facts.text.count("\n") + 2, 12), 34),
    }


def _given(text: str) -> Any:
    if len(text) > MAX_TEXT:
        raise RuleError([Problem("", f"The facts are longer than {MAX_TEXT:,} characters.")])
    try:
        found = load_yaml(text) if text.strip() else {}
    except RuleError as error:
        raise RuleError([Problem("", f"The facts cannot be read. {error.problems[0].detail}")]) from None
    return {} if found is None else found


def _part(text: str) -> Any:
    if len(text) > MAX_TEXT:
        raise RuleError([Problem("", f"This part is longer than {MAX_TEXT:,} characters.")])
    return from_wire(load_yaml(text)) if text.strip() else None


def _place(problem: Problem, document: Any) -> str:
    """Where the problem is: in the version, or in the facts."""
    first = problem.pointer.strip("/").split("/")[0]
    if first in _SECTIONS and first != "agents":
        return place_in_words(problem.pointer, document)
    parts = [part.replace("~1", "/").replace("~0", "~") for part in problem.pointer.split("/")[1:]]
    return " › ".join(parts)
