"""Agent runs: a read-only list to look over one agent's work; the story of each is on its case's page."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html

from orchestration.admin.base import ReadOnlyAdmin, moment_column
from orchestration.admin.label import due_label, label, status_label
from orchestration.models import AgentRun, AgentRunContent, RunStatus
from orchestration.services.agent_condition import ERROR_WORDS


@admin.register(AgentRun)
class AgentRunAdmin(ReadOnlyAdmin):
    list_display = (
        "step",
        "agent",
        "case_shown",
        "status_shown",
        "confidence_shown",
        "attempts",
        "why_shown",
        "awaited_shown",
        "created_at_shown",
    )
    list_filter = ("status", "case__workflow", "purpose")
    list_select_related = ("case", "content")
    search_fields = ("case__reference", "step")
    search_help_text = "Reference of the case, or step"
    ordering = ("-id",)
    empty_title = "No agent run yet"
    empty_text = "They appear as soon as a case needs an agent."

    created_at_shown = moment_column("created_at", "Asked for")

    def get_queryset(self, request: HttpRequest) -> QuerySet[AgentRun]:
        """Of the content only what a list shows: the rest may be long."""
        shown = ("run", "summary", "erased_at")
        names = [field.name for field in AgentRunContent._meta.concrete_fields if field.name not in shown]
        found: QuerySet[AgentRun] = super().get_queryset(request).defer(*[f"content__{name}" for name in names])
        return found

    @admin.display(description="Case")
    def case_shown(self, run: AgentRun) -> str:
        return str(run.case)

    @admin.display(description="Status", ordering="status")
    def status_shown(self, run: AgentRun) -> str:
        status = RunStatus(run.status)
        return label(status.label, "info") if status == RunStatus.AWAITING else status_label(status)

    @admin.display(description="Confidence", ordering="confidence", empty_value="—")
    def confidence_shown(self, run: AgentRun) -> str | None:
        return None if run.confidence is None else f"{run.confidence:.0%}"

    @admin.display(description="Why it failed", ordering="error_kind", empty_value="—")
    def why_shown(self, run: AgentRun) -> str | None:
        return ERROR_WORDS.get(run.error_kind, run.error_kind) if run.status == RunStatus.FAILED else None

    @admin.display(description="Waits for", empty_value="—")
    def awaited_shown(self, run: AgentRun) -> str | None:
        """Who is to answer, and until when."""
        if run.status != RunStatus.AWAITING or run.due_at is None:
            return None
        content = getattr(run, "content", None)
        note = content.summary if content and not content.erased_at else ""
        return format_html("{} <br>{}", note or "An outside party", due_label(run.due_at))

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
