"""Work items: the queues, and the page on which a person decides a case or sends it back."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.views.decorators.http import require_POST

from orchestration.admin.base import ReadOnlyAdmin
from orchestration.admin.fact_fields import FactFields, fact_fields
from orchestration.admin.filters import Whose
from orchestration.admin.label import due_label, person, priority_label, status_label
from orchestration.admin.story import story_context
from orchestration.facts import lay_over
from orchestration.models import Priority, WorkItem, WorkItemKind, WorkItemStatus
from orchestration.services import work_item as work_items
from orchestration.services.case_story import in_words, story_of
from orchestration.services.refusal import Refused
from orchestration.services.rule_set import loaded
from orchestration.services.step_words import step_words
from orchestration.services.work_queue import claim_next, queue_figures

WORK = "orchestration.work_workitem"
YOURS = "It is yours. Decide it, send it back to the rules, or give it back to the queue."


@admin.register(WorkItem)
class WorkItemAdmin(ReadOnlyAdmin):
    list_display = (
        "reason_shown", "case_shown", "queue_shown", "priority_shown", "due_shown", "claimed_shown", "kind_shown",
    )  # fmt: skip
    list_display_links = ("reason_shown",)
    list_filter = (Whose, "queue", "case__workflow", "kind", "priority")
    list_select_related = ("case__workflow", "queue", "claimed_by")
    search_fields = ("case__reference",)
    search_help_text = "Reference of the case"
    ordering = ("-priority", "due_at", "id")
    list_before = "orchestration/admin/work_queues.html"
    empty_title = "No work here"
    empty_text = "Cases that the rules cannot decide by themselves appear here, the most urgent first."

    # --- The list -----------------------------------------------------------------------------------

    @admin.display(description="Why it needs a person", ordering="reason")
    def reason_shown(self, item: WorkItem) -> str:
        return item.reason

    @admin.display(description="Case", ordering="case__reference")
    def case_shown(self, item: WorkItem) -> str:
        return item.case.reference or str(item.case.public_id)[:13]

    @admin.display(description="Queue", ordering="queue", empty_value="—")
    def queue_shown(self, item: WorkItem) -> str:
        queue = item.queue.title if item.queue else "No queue"
        return format_html('{}<br><span class="c-muted">{}</span>', queue, item.case.workflow.title)

    @admin.display(description="Priority", ordering="priority")
    def priority_shown(self, item: WorkItem) -> str:
        return priority_label(Priority(item.priority))

    @admin.display(description="Due", ordering="due_at")
    def due_shown(self, item: WorkItem) -> str:
        if item.status != WorkItemStatus.OPEN:
            return status_label(WorkItemStatus(item.status))
        return due_label(item.due_at)

    @admin.display(description="Claimed by", ordering="claimed_by", empty_value="free")
    def claimed_shown(self, item: WorkItem) -> str | None:
        return person(item.claimed_by) or None

    @admin.display(description="Kind", ordering="kind")
    def kind_shown(self, item: WorkItem) -> str:
        return status_label(WorkItemKind(item.kind))

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        figures = queue_figures(user=request.user)
        context = {
            "figures": figures,
            "can_work": request.user.has_perm(WORK),
            "title": "Work",
            **(extra_context or {}),
        }
        return super().changelist_view(request, context)

    # --- The page -----------------------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        routes = {
            "claim": self.claim_view, "release": self.release_view,
            "decide": self.decide_view, "send-back": self.send_back_view,
        }  # fmt: skip
        own = [
            path(
                f"<int:pk>/{name}/",
                self.admin_site.admin_view(require_POST(view)),
                name=f"orchestration_workitem_{name}",
            )
            for name, view in routes.items()
        ]
        next_view = self.admin_site.admin_view(require_POST(self.claim_next_view))
        return [path("claim-next/", next_view, name="orchestration_workitem_claim-next"), *own, *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return self._page(request, self._item(request, object_id))

    def claim_next_view(self, request: HttpRequest) -> HttpResponse:
        self._may_work(request)
        queue = request.POST.get("queue", "")
        item = claim_next(user=request.user, queue_id=number_in(queue))
        if item is None:
            messages.info(request, "Nothing is waiting here: all open work is claimed or done.")
            return HttpResponseRedirect(reverse("admin:orchestration_workitem_changelist"))
        messages.success(request, YOURS)
        return _to(item.pk)

    def claim_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        self._may_work(request)
        item = self._item(request, pk)
        try:
            work_items.claim(work_item_id=item.pk, user=request.user)
            messages.success(request, YOURS)
        except Refused as refused:
            messages.error(request, refused.message)
        return _to(item.pk)

    def release_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        self._may_work(request)
        item = self._item(request, pk)
        try:
            work_items.release(work_item_id=item.pk, user=request.user)
            messages.success(request, "Given back to the queue.")
        except Refused as refused:
            messages.error(request, refused.message)
        return _to(item.pk)

    def decide_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        self._may_work(request)
        item = self._item(request, pk)
        outcome, note = request.POST.get("outcome", ""), request.POST.get("note", "")
        try:
            work_items.decide(work_item_id=item.pk, user=request.user, outcome=outcome, note=note)
        except Refused as refused:
            item = self._item(request, pk)
            return self._page(request, item, decide_error=refused.message, outcome=outcome, note=note)
        messages.success(request, f"Decided: {in_words(outcome)}. Case {item.case} is closed.")
        return HttpResponseRedirect(reverse("admin:orchestration_workitem_changelist"))

    def send_back_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Send back, or with `preview` show what would happen."""
        self._may_work(request)
        item = self._item(request, pk)
        fields = self._fields(item, request.POST.dict())
        corrections, human, note = fields.corrections(), fields.human(), request.POST.get("back_note", "")
        context: dict[str, Any] = {"fields": fields, "back_note": note}
        try:
            if fields.errors:
                raise Refused("; ".join(f"{one.label}: {one.error}" for one in fields.errors))
            if "preview" in request.POST:
                step = work_items.preview(work_item=item, corrections=corrections, human=human)
                context["preview"] = step_words(step, item.case)
                context["changed"] = len(corrections) + len(human)
            else:
                work_items.send_back(
                    work_item_id=item.pk, user=request.user, corrections=corrections, human=human, note=note
                )
                messages.success(request, f"Case {item.case} is back with the rules.")
                return HttpResponseRedirect(reverse("admin:orchestration_case_change", args=[item.case_id]))
        except Refused as refused:
            context["back_error"] = refused.message
        if request.headers.get("X-Fragment") == "preview":
            return self.page(request, "preview.html", "Preview", **context)
        return self._page(request, self._item(request, pk), **context)

    # --- Parts --------------------------------------------------------------------------------------

    def _page(self, request: HttpRequest, item: WorkItem, **context: Any) -> HttpResponse:
        """The case's story with the forms; `context` holds what was typed and what was wrong with it."""
        story = story_of(item.case)
        mine = item.claimed_by_id == request.user.pk and item.status == WorkItemStatus.OPEN
        wrong = context.get("decide_error") or context.get("back_error")
        can_work = request.user.has_perm(WORK)
        forms = {
            "outcomes": [(outcome, in_words(outcome)) for outcome in loaded(item.case.version_id).content.outcomes],
            "fields": self._fields(item, None),
            "outcome": "",
        }
        return self.page(
            request,
            "work_item.html",
            item.reason,
            **story_context(story),
            item=item,
            mine=mine,
            can_work=can_work,
            show_forms=can_work and not story.erased_at and (mine or bool(wrong)),
            claimed_by=person(item.claimed_by),
            closed_by=person(item.closed_by),
            status=409 if wrong else 200,
            **{**forms, **context},
        )

    def _fields(self, item: WorkItem, typed: dict[str, str] | None) -> FactFields:
        content = item.case.content
        posted = content.payload if isinstance(content.payload, dict) else {}
        return fact_fields(
            loaded(item.case.version_id),
            present=lay_over(posted, content.corrections or {}),
            human=content.human or {},
            typed=typed,
        )

    def _may_work(self, request: HttpRequest) -> None:
        if not (self.has_view_permission(request) and request.user.has_perm(WORK)):
            raise PermissionDenied

    def _item(self, request: HttpRequest, object_id: Any) -> WorkItem:
        if not self.has_view_permission(request):
            raise PermissionDenied
        about_case = [f"case__{name}" for name in ("workflow", "version", "client", "content", "parent")]
        items: QuerySet[WorkItem] = WorkItem.objects.select_related(
            "queue", "claimed_by", "closed_by", "content", *about_case
        )
        try:
            return items.get(pk=int(object_id))
        except (WorkItem.DoesNotExist, ValueError):
            raise Http404("There is no such work item.") from None


def number_in(text: str) -> int | None:
    """The number that a form field holds, if it is one that a row can have."""
    return int(text) if text.isdecimal() and len(text) < 19 else None


def _to(pk: int) -> HttpResponse:
    return HttpResponseRedirect(reverse("admin:orchestration_workitem_change", args=[pk]))
