"""Agent runs: a read-only list to look over one agent's work; the story of each is on its case's page."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from orchestration.admin.base import ReadOnlyAdmin, moment_column
from orchestration.admin.label import status_label
from orchestration.models import AgentRun, RunStatus


@admin.register(AgentRun)
class AgentRunAdmin(ReadOnlyAdmin):
    list_display = (
        "step",
        "agent",
        "case_shown",
        "status_shown",
        "confidence_shown",
        "attempts",
        "error_kind",
        "created_at_shown",
    )
    list_filter = ("status", "case__workflow", "purpose")
    list_select_related = ("case",)
    search_fields = ("case__reference", "step")
    search_help_text = "Reference of the case, or step"
    ordering = ("-id",)
    empty_title = "No agent run yet"
    empty_text = "They appear as soon as a case needs an agent."

    created_at_shown = moment_column("created_at", "Asked for")

    @admin.display(description="Case")
    def case_shown(self, run: AgentRun) -> str:
        return str(run.case)

    @admin.display(description="Status", ordering="status")
    def status_shown(self, run: AgentRun) -> str:
        return status_label(RunStatus(run.status))

    @admin.display(description="Confidence", ordering="confidence", empty_value="—")
    def confidence_shown(self, run: AgentRun) -> str | None:
        return None if run.confidence is None else f"{run.confidence:.0%}"

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return to_case(self, request, object_id)


def to_case(page: ReadOnlyAdmin, request: HttpRequest, object_id: str) -> HttpResponse:
    row = page.get_object(request, object_id)
    if not page.has_view_permission(request, row):
        raise PermissionDenied
    if row is None:
        return HttpResponseRedirect(reverse(f"admin:{page.opts.app_label}_{page.opts.model_name}_changelist"))
    return HttpResponseRedirect(reverse("admin:orchestration_case_change", args=[row.case_id]))
