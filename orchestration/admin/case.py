"""Cases: a list to find one in, and a page that tells its whole story."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_POST

from orchestration.admin.base import ReadOnlyAdmin, moment_column
from orchestration.admin.feedback import feedback_form, feedback_view
from orchestration.admin.filters import DecidedBy, Later, Outcome
from orchestration.admin.label import label, priority_label, status_label
from orchestration.admin.story import story_context
from orchestration.models import Case, CaseStatus
from orchestration.models.case import FINAL
from orchestration.services import case as cases
from orchestration.services.case_story import story_of
from orchestration.services.move import MOVE, move, versions_for
from orchestration.services.refusal import Refused

CANCEL = "orchestration.cancel_case"


@admin.register(Case)
class CaseAdmin(ReadOnlyAdmin):
    list_display = (
        "name",
        "workflow",
        "status_shown",
        "priority_shown",
        "outcome_shown",
        "decided_by_shown",
        "received_at_shown",
    )
    list_display_links = ("name",)
    list_filter = (
        "workflow",
        "status",
        Outcome,
        DecidedBy,
        Later,
        "received_at",
        "client",
        "test",
    )
    list_select_related = ("workflow",)
    search_fields = ("reference", "public_id")
    search_help_text = "How the reference begins, or the case number"
    empty_title = "No case here"
    empty_text = (
        "Cases appear as soon as an outside system posts one to /api/v1/cases. If you filtered, take a filter off."
    )

    received_at_shown = moment_column("received_at", "Received")

    @admin.display(description="Case", ordering="reference")
    def name(self, case: Case) -> str:
        return case.reference or str(case.public_id)

    @admin.display(description="Status", ordering="status")
    def status_shown(self, case: Case) -> str:
        return status_label(CaseStatus(case.status))

    @admin.display(description="Priority", ordering="priority")
    def priority_shown(self, case: Case) -> str:
        return priority_label(case.priority)

    @admin.display(description="Outcome", ordering="outcome", empty_value="—")
    def outcome_shown(self, case: Case) -> str | None:
        return label(case.outcome.replace("_", " ")) if case.outcome else None

    @admin.display(description="Decided by", ordering="decided_by", empty_value="—")
    def decided_by_shown(self, case: Case) -> str | None:
        return {"rules": "Rules", "person": "A person"}.get(case.decided_by)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Case], search_term: str
    ) -> tuple[QuerySet[Case], bool]:
        """References by how they begin, or a public id as it is: both use an index."""
        term = search_term.strip()
        if not term:
            return queryset, False
        try:
            return queryset.filter(public_id=uuid.UUID(term)), False
        except ValueError:
            return queryset.filter(reference__startswith=term), False

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("<int:pk>/cancel/", view(self.cancel_view), name="orchestration_case_cancel"),
            path("<int:pk>/move/", view(self.move_view), name="orchestration_case_move"),
            path("<int:pk>/feedback/", view(require_POST(self.feedback_view)), name="orchestration_case_feedback"),
            *super().get_urls(),
        ]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return self.case_page(request, self.case(request, object_id))

    def case_page(self, request: HttpRequest, case: Case, **context: Any) -> HttpResponse:
        """The case's whole story; `context` holds what was typed of feedback and what was wrong with it."""
        story = story_of(case)
        return self.page(
            request,
            "case.html",
            f"Case {case}",
            **story_context(story),
            **feedback_form(request, case),
            **context,
            status=409 if context else 200,
            case=case,
            can_cancel=case.status not in FINAL and request.user.has_perm(CANCEL),
            can_move=case.status not in FINAL and request.user.has_perm(MOVE),
        )

    def cancel_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        case = self.case(request, pk)
        if not request.user.has_perm(CANCEL):
            raise PermissionDenied
        if request.method != "POST":
            waiting = case.children.exclude(status__in=FINAL).filter(opened_by__waits=True)
            return self.page(request, "case_cancel.html", f"Cancel case {case}", case=case, waiting=waiting)
        try:
            cases.cancel(case_id=case.pk, actor=request.user.get_username(), user=request.user)
            messages.success(request, f"Case {case} is cancelled.")
        except Refused as refused:
            messages.error(request, refused.message)
        return HttpResponseRedirect(reverse("admin:orchestration_case_change", args=[case.pk]))

    def move_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        case = self.case(request, pk)
        if not request.user.has_perm(MOVE):
            raise PermissionDenied
        if request.method != "POST":
            title = f"Move case {case} to another version"
            return self.page(request, "case_move.html", title, case=case, versions=list(versions_for(case)[:100]))
        chosen = request.POST.get("version", "")
        try:
            version_id = int(chosen) if chosen.isdecimal() and len(chosen) < 19 else 0
            moved = move(case_id=case.pk, version_id=version_id, user=request.user)
            messages.success(request, f"Case {case} goes on with version {moved.version.number}.")
        except Refused as refused:
            messages.error(request, refused.message)
        return HttpResponseRedirect(reverse("admin:orchestration_case_change", args=[case.pk]))

    def feedback_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        return feedback_view(self, request, pk)

    def case(self, request: HttpRequest, object_id: Any) -> Case:
        if not self.has_view_permission(request):
            raise PermissionDenied
        related = ("workflow", "version", "client", "content", "parent")
        try:
            return Case.objects.select_related(*related).get(pk=int(object_id))
        except (Case.DoesNotExist, ValueError):
            raise Http404("There is no such case.") from None
