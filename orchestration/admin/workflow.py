"""Workflows: their settings, queues and versions; autonomy changes through its service."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.views.decorators.http import require_POST

from orchestration.admin.agent import agents_view
from orchestration.admin.base import ModelAdmin, TabularInline
from orchestration.admin.label import label, status_label
from orchestration.admin.workflow_import import import_view
from orchestration.models import Autonomy, Queue, Workflow
from orchestration.rules.operators import parse_duration
from orchestration.services.refusal import Refused
from orchestration.services.workflow import set_autonomy
from orchestration.services.workflow_figures import feedback_figures, with_figures

AUTONOMY = "orchestration.change_autonomy"
IMPORT = tuple(f"orchestration.{name}" for name in ("add_workflow", "change_workflow", "add_workflowversion"))


class WorkflowForm(forms.ModelForm):
    """Settings in plain fields; what the model keeps as JSON is one field for each value."""

    escalation_level = forms.CharField(
        label="People act on escalations within", required=False, help_text="Such as 30m, 4h or 2d. Empty: no deadline."
    )
    review_level = forms.CharField(
        label="People finish reviews within", required=False, help_text="Such as 4h or 3d. Empty: no deadline."
    )
    minutes_per_case = forms.FloatField(
        label="Minutes per case before", required=False, min_value=0, help_text="How long a case took a person before."
    )
    cases_per_person_day = forms.FloatField(
        label="Cases per person and day before", required=False, min_value=0, help_text="To measure the return later."
    )

    class Meta:
        model = Workflow
        fields = ("slug", "title", "objective", "qa_sample_rate")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        levels, baseline = self.instance.service_levels or {}, self.instance.baseline or {}
        for name, value in (
            ("escalation_level", levels.get("escalation")), ("review_level", levels.get("review")),
            ("minutes_per_case", baseline.get("minutes_per_case")),
            ("cases_per_person_day", baseline.get("cases_per_person_day")),
        ):  # fmt: skip
            if name in self.fields:
                self.fields[name].initial = value
                self.fields[name].widget.attrs["class"] = "c-input"

    def clean_escalation_level(self) -> str:
        return _duration(self.cleaned_data["escalation_level"])

    def clean_review_level(self) -> str:
        return _duration(self.cleaned_data["review_level"])

    def save(self, commit: bool = True) -> Workflow:
        given = self.cleaned_data
        self.instance.service_levels = _merged(
            self.instance.service_levels, escalation=given["escalation_level"], review=given["review_level"]
        )
        self.instance.baseline = _merged(
            self.instance.baseline,
            minutes_per_case=given["minutes_per_case"],
            cases_per_person_day=given["cases_per_person_day"],
        )
        return super().save(commit)


class QueueForm(forms.ModelForm):
    """A queue's slug stands in rules, so it cannot change later."""

    class Meta:
        model = Queue
        fields = ("title", "slug", "position")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk and "slug" in self.fields:
            self.fields["slug"].disabled = True


class QueueInline(TabularInline):
    model = Queue
    form = QueueForm
    fields = ("title", "slug", "position")
    verbose_name_plural = "Queues, where work waits for people"


@admin.register(Workflow)
class WorkflowAdmin(ModelAdmin):
    form = WorkflowForm
    list_display = ("title", "published_shown", "autonomy_shown", "open_shown", "today_shown")
    list_select_related = ("published_version",)
    inlines = (QueueInline,)
    fieldsets = (
        (None, {"fields": ("title", "slug", "objective")}),
        ("Quality and deadlines", {"fields": ("qa_sample_rate", "escalation_level", "review_level")}),
        ("How the work was before", {"fields": ("minutes_per_case", "cases_per_person_day")}),
    )
    list_before = "orchestration/admin/workflow_list_before.html"
    empty_title = "No workflow yet"
    empty_text = "Import a workflow pack to begin: it brings rules, queues and scenarios with it."

    @admin.display(description="Published")
    def published_shown(self, workflow: Workflow) -> str:
        version = workflow.published_version
        if version is None:
            return label("nothing published", "warning")
        url = reverse("admin:orchestration_workflowversion_change", args=[version.pk])
        return format_html('<a href="{}">Version {}</a>', url, version.number)

    @admin.display(description="Autonomy", ordering="autonomy")
    def autonomy_shown(self, workflow: Workflow) -> str:
        return status_label(Autonomy(workflow.autonomy))

    @admin.display(description="Open work", ordering="open_items")
    def open_shown(self, workflow: Workflow) -> str:
        url = reverse("admin:orchestration_workitem_changelist")
        return format_html('<a href="{}?case__workflow__id__exact={}">{}</a>', url, workflow.pk, workflow.open_items)

    @admin.display(description="Cases today", ordering="cases_today")
    def today_shown(self, workflow: Workflow) -> int:
        return workflow.cases_today

    def get_queryset(self, request: HttpRequest) -> Any:
        return with_figures(super().get_queryset(request).defer("published_version__content"))

    def get_readonly_fields(self, request: HttpRequest, obj: Workflow | None = None) -> tuple[str, ...]:
        return ("slug",) if obj else ()

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A workflow's record stays; pause it instead."""
        return False

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("import/", view(self.import_view), name="orchestration_workflow_import"),
            path("agents/", view(self.agents_view), name="orchestration_agents"),
            path("<int:pk>/autonomy/", view(require_POST(self.autonomy_view)), name="orchestration_workflow_autonomy"),
            *super().get_urls(),
        ]

    def import_view(self, request: HttpRequest) -> HttpResponse:
        if not request.user.has_perms(IMPORT):
            raise PermissionDenied
        return import_view(self, request)

    def agents_view(self, request: HttpRequest) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        return agents_view(self, request)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return super().changelist_view(request, {"can_import": request.user.has_perms(IMPORT), **(extra_context or {})})

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        workflow = self.get_object(request, object_id)
        context: dict[str, Any] = {}
        if workflow is not None:
            context = {
                "workflow": workflow,
                "autonomy_label": status_label(Autonomy(workflow.autonomy)),
                "autonomies": Autonomy.choices,
                "may_change_autonomy": request.user.has_perm(AUTONOMY),
                "versions": workflow.versions.select_related("author").defer("content")[:50],
                "feedback": feedback_figures(workflow),
                "before_form": "orchestration/admin/workflow_top.html",
            }
        return super().change_view(request, object_id, form_url, {**context, **(extra_context or {})})

    def autonomy_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        chosen = request.POST.get("autonomy", "")
        if not Workflow.objects.filter(pk=pk).exists():
            raise Http404("There is no such workflow.")
        try:
            if chosen not in Autonomy.values:
                raise Refused("Choose one of the four.")
            released = set_autonomy(workflow_id=pk, autonomy=Autonomy(chosen), user=request.user)
            more = f" {released} held case{'' if released == 1 else 's'} went on." if released else ""
            messages.success(request, f"The workflow is {chosen} from now on.{more}")
        except Refused as refused:
            messages.error(request, refused.message)
        return HttpResponseRedirect(reverse("admin:orchestration_workflow_change", args=[pk]))


def _duration(text: str) -> str:
    if text:
        try:
            parse_duration(text)
        except ValueError as error:
            raise ValidationError(f"{text} is not a duration such as 30m, 4h or 2d. {error}") from None
    return text


def _merged(document: dict[str, Any] | None, **values: Any) -> dict[str, Any]:
    merged = {**(document or {}), **values}
    return {key: value for key, value in merged.items() if value not in (None, "")}
