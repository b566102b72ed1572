"""Decisions: a read-only list of who decided what; the reasons are on each case's page."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse

from orchestration.admin.agent_run import to_case
from orchestration.admin.base import ReadOnlyAdmin, moment_column
from orchestration.admin.filters import DecidedBy
from orchestration.admin.label import label, person
from orchestration.models import Decision


@admin.register(Decision)
class DecisionAdmin(ReadOnlyAdmin):
    list_display = ("case_shown", "workflow_shown", "outcome_shown", "by_shown", "sample_shown", "decided_at_shown")
    list_filter = (DecidedBy, "case__workflow", "drawn", "decided_at")
    list_select_related = ("case__workflow", "user")
    search_fields = ("case__reference",)
    search_help_text = "Reference of the case"
    empty_title = "No decision yet"
    empty_text = "They appear as soon as rules or people decide a case."

    decided_at_shown = moment_column("decided_at", "Decided")

    @admin.display(description="Case")
    def case_shown(self, decision: Decision) -> str:
        return str(decision.case)

    @admin.display(description="Workflow")
    def workflow_shown(self, decision: Decision) -> str:
        return decision.case.workflow.title

    @admin.display(description="Outcome", ordering="outcome")
    def outcome_shown(self, decision: Decision) -> str:
        return label(decision.outcome.replace("_", " "))

    @admin.display(description="Decided by")
    def by_shown(self, decision: Decision) -> str:
        return person(decision.user) or "Rules"

    @admin.display(description="Quality sample", empty_value="—")
    def sample_shown(self, decision: Decision) -> str | None:
        return "drawn" if decision.drawn else None

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return to_case(self, request, object_id)
