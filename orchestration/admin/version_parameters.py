"""All parameters of a version on one page: what they are for, who reads them, what they were; changed in place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse

from orchestration.admin.draft_part import CHANGE, kept, part_view, standing
from orchestration.admin.draft_sections import place_in_words
from orchestration.admin.label import status_label
from orchestration.admin.parameter_form import FIELDS, TYPES, ParameterForm, blank_form, forms_of
from orchestration.facts import digest
from orchestration.models import VersionStatus, WorkflowVersion
from orchestration.rules.pack import dump_yaml
from orchestration.services.draft import Overtaken, PartError
from orchestration.services.parameter import (
    Change,
    ParametersRefused,
    change_parameters,
    delete_parameter,
    uses_in,
    value_histories,
    value_text,
)
from orchestration.services.refusal import Refused

if TYPE_CHECKING:
    from orchestration.admin.version import VersionAdmin


def urls(admin: VersionAdmin) -> list[URLPattern]:
    view = part_view(admin, parameters_view)
    return [path("<int:pk>/parameters/", view, name="orchestration_workflowversion_parameters")]


def parameters_view(admin: VersionAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """Shown to all who may read the version; changed together, one by one, added or deleted by who may."""
    if request.method == "POST":
        return _post(admin, request, pk)
    version = admin.version(request, pk)
    return _page(admin, request, version, forms_of(version.content), blank_form())


def _post(admin: VersionAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    version = standing(admin, request, pk, "parameters", _to_copy(request))
    if isinstance(version, HttpResponse):
        return version
    verb, _, name = request.POST.get("action", "save").partition(":")
    forms = forms_of(version.content, request.POST)
    new = blank_form(request.POST)
    if verb == "delete":
        return _delete(admin, request, version, forms, new, name)
    chosen = {
        "save": [*(form for form in forms if form.changed), *([new] if new.changed else [])],
        "save-one": [form for form in forms if form.name == name],
        "add": [new],
    }.get(verb, [])
    changes = []
    for form in chosen:
        value = form.read()
        if not form.errors:
            changes.append(Change(form.name, value, form.seen, form.new))
    if any(form.errors for form in chosen):
        return _page(admin, request, version, forms, new, status=400)
    try:
        change_parameters(version_id=pk, changes=changes, user=request.user)
    except ParametersRefused as refused:
        for form in chosen:
            if form.name in refused.faults:
                _tell(form, refused.faults[form.name], version)
        conflict = any(isinstance(fault, Overtaken) for fault in refused.faults.values())
        return _page(admin, request, version, forms, new, status=409 if conflict else 400)
    except Refused as refused:
        return kept(admin, request, version, "parameters", _to_copy(request), refused.message, 409)
    titles = ", ".join(f"“{form.title}”" for form in chosen)
    messages.success(request, f"Saved: {titles}." if chosen else "Nothing was changed.")
    return _back(pk, chosen[0].name if len(chosen) == 1 else "")


def _delete(
    admin: VersionAdmin,
    request: HttpRequest,
    version: WorkflowVersion,
    forms: list[ParameterForm],
    new: ParameterForm,
    name: str,
) -> HttpResponse:
    form = next((one for one in forms if one.name == name), None)
    if form is None:
        messages.info(request, "This parameter is gone already.")
        return _back(version.pk)
    try:
        delete_parameter(version_id=version.pk, name=name, seen=form.seen, user=request.user)
    except Overtaken as overtaken:
        _tell(form, overtaken, version)
        return _page(admin, request, version, forms, new, status=409)
    except Refused as refused:
        form.errors[""] = refused.message
        return _page(admin, request, version, forms, new, status=409)
    messages.success(request, f"The parameter “{form.title}” is deleted.")
    return _back(version.pk)


def _tell(form: ParameterForm, fault: PartError | Overtaken, version: WorkflowVersion) -> None:
    """Each problem beside its field; what somebody else stored is named, and may be saved over."""
    if isinstance(fault, Overtaken):
        if fault.now is None:
            form.errors[""] = (
                "Somebody else deleted this meanwhile. Yours was not stored; add it again if it is needed."
            )
        else:
            said = f"Somebody else changed this meanwhile: it is {value_text(fault.now)} now."
            form.errors[""] = f"{said} Yours is below; save it again to put it in its place."
            form.seen = digest(fault.now)
        return
    for problem in fault.problems:
        field = problem.pointer.removeprefix(fault.place).strip("/")
        if problem.pointer == fault.place or field in FIELDS:
            form.errors[field if field in FIELDS else ""] = problem.detail
        else:
            place = place_in_words(problem.pointer, version.content)
            form.errors[""] = f"{form.errors.get('', '')} Elsewhere, {place}: {problem.detail}".strip()


def _page(
    admin: VersionAdmin,
    request: HttpRequest,
    version: WorkflowVersion,
    forms: list[ParameterForm],
    new: ParameterForm,
    *,
    status: int = 200,
) -> HttpResponse:
    histories, uses = value_histories(version), uses_in(version.content)
    return admin.page(
        request,
        "parameters.html",
        "Parameters",
        version=version,
        status_label=status_label(VersionStatus(version.status)),
        can_edit=version.status == VersionStatus.DRAFT and request.user.has_perm(CHANGE),
        rows=[(form, histories.get(form.name, ""), uses.get(form.name, ())) for form in forms],
        new=new,
        types=TYPES,
        wrong=sum(bool(form.errors) for form in (*forms, new)),
        status=status,
    )


def _to_copy(request: HttpRequest) -> str:
    typed = {form.name: form.texts for form in [*forms_of({}, request.POST), blank_form(request.POST)] if form.changed}
    return dump_yaml(typed) if typed else ""


def _back(pk: int, name: str = "") -> HttpResponse:
    url = reverse("admin:orchestration_workflowversion_parameters", args=[pk])
    return HttpResponseRedirect(f"{url}#{name}" if name else url)
