"""Import of a workflow pack: a file or a text; every error with its place, and the text stays."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from orchestration.rules.parse import RuleError
from orchestration.services.pack import import_pack

if TYPE_CHECKING:
    from orchestration.admin.base import ModelAdmin

LARGEST = 2 * 2**20


def import_view(page: ModelAdmin, request: HttpRequest) -> HttpResponse:
    text, errors = "", []
    if request.method == "POST":
        text, fault = _text(request)
        errors = [("", fault)] if fault else []
        if not errors:
            try:
                imported = import_pack(text=text, user=request.user)
            except RuleError as error:
                errors = [(problem.pointer, problem.detail) for problem in error.problems]
            else:
                if imported.new:
                    messages.success(request, f"{imported.version} is imported as your draft.")
                else:
                    messages.info(request, f"{imported.version} has the same content; nothing new was made.")
                url = reverse("admin:orchestration_workflowversion_change", args=[imported.version.pk])
                return HttpResponseRedirect(url)
    status = 400 if errors else 200
    return page.page(request, "workflow_import.html", "Import a workflow", text=text, errors=errors, status=status)


def _text(request: HttpRequest) -> tuple[str, str]:
    """The pack's text, and what is wrong with it as a file."""
    upload = request.FILES.get("file")
    if upload is None:
        text = request.POST.get("text", "").replace("\r\n", "\n")
        return text, "" if text.strip() else "Choose a file or paste the pack."
    if upload.size > LARGEST:
        return "", f"The file is larger than {LARGEST // 2**20} MiB. A pack is a text of some kilobytes."
    try:
        text = upload.read().decode()
        return text, "" if text.strip() else "The file is empty."
    except UnicodeDecodeError:
        return "", "The file is not a text in UTF-8. A pack is a YAML file."
