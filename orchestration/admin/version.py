"""Workflow versions: read in plain words, drafted section by section, published by somebody else."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.views.decorators.http import require_POST

from orchestration.admin import (
    version_activity,
    version_compare,
    version_edit,
    version_governance,
    version_parameters,
    version_rules,
    version_scenarios,
    version_tables,
    version_try,
)
from orchestration.admin.base import ReadOnlyAdmin, moment_column
from orchestration.admin.label import label, person, status_label
from orchestration.models import VersionStatus, WorkflowVersion
from orchestration.rules.parse import RuleError
from orchestration.services import version as versions
from orchestration.services.activity import entries
from orchestration.services.agent_config import config_lines
from orchestration.services.draft import discard
from orchestration.services.pack import export_pack
from orchestration.services.refusal import Refused
from orchestration.services.version_path import standing
from orchestration.services.version_status import sight
from orchestration.services.version_story import version_story

ADD, CHANGE, DELETE = (f"orchestration.{verb}_workflowversion" for verb in ("add", "change", "delete"))


@admin.register(WorkflowVersion)
class VersionAdmin(ReadOnlyAdmin):
    list_display = (
        "number_shown",
        "workflow",
        "status_shown",
        "note_shown",
        "author_shown",
        "created_at_shown",
        "published_at_shown",
    )
    list_display_links = ("number_shown",)
    list_filter = ("workflow", "status", "emergency")
    list_select_related = ("workflow", "author")
    empty_title = "No version yet"
    empty_text = "Import a workflow pack on the Workflows page; its rules become the first draft."

    created_at_shown = moment_column("created_at", "Created")
    published_at_shown = moment_column("published_at", "Published")

    @admin.display(description="Version", ordering="number")
    def number_shown(self, version: WorkflowVersion) -> str:
        return f"Version {version.number}"

    @admin.display(description="Status", ordering="status")
    def status_shown(self, version: WorkflowVersion) -> str:
        if version.emergency and version.reviewed_at is None:
            return format_html(
                "{} {}", status_label(VersionStatus(version.status)), label("emergency, not reviewed", "bad")
            )
        return status_label(VersionStatus(version.status))

    @admin.display(description="What it changes")
    def note_shown(self, version: WorkflowVersion) -> str:
        return version.note if len(version.note) < 90 else f"{version.note[:89]}…"

    @admin.display(description="Author", empty_value="command line")
    def author_shown(self, version: WorkflowVersion) -> str | None:
        return person(version.author) or None

    def get_queryset(self, request: HttpRequest) -> Any:
        """Without the content, which a list never shows."""
        return super().get_queryset(request).defer("content")

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        name = "orchestration_workflowversion"
        return [
            path("<int:pk>/new-draft/", view(require_POST(self.new_draft_view)), name=f"{name}_new-draft"),
            path("<int:pk>/discard/", view(self.discard_view), name=f"{name}_discard"),
            path("<int:pk>/export/", view(self.export_view), name=f"{name}_export"),
            *version_edit.urls(self),
            *version_governance.urls(self),
            *version_rules.urls(self),
            *version_tables.urls(self),
            *version_parameters.urls(self),
            *version_try.urls(self),
            *version_scenarios.urls(self),
            *version_compare.urls(self),
            *version_activity.urls(self),
            *super().get_urls(),
        ]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        version = self.version(request, object_id)
        story = version_story(version)
        stands = standing(version, story, request.user, unreadable=bool(story.unreadable))
        return self.page(
            request,
            "version.html",
            str(version),
            story=story,
            version=version,
            content=story.content,
            agent_steps=[(one, config_lines(one.use, one.config)) for one in story.steps],
            status_label=self.status_shown(version),
            standing=stands,
            entries=entries(stands.events),
            submission=getattr(version, "submission", None),
            seen=sight(version),
            can_edit=version.status == VersionStatus.DRAFT and request.user.has_perm(CHANGE),
            unreviewed=version.emergency and version.reviewed_at is None,
            author=person(version.author) or "the command line",
            contributors=[person(user) for user in version.contributors.all()],
            others=version.workflow.versions.exclude(pk=version.pk).exists(),
        )

    def new_draft_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        version = self.version(request, pk)
        if not request.user.has_perm(ADD):
            raise PermissionDenied
        try:
            note = f"Based on version {version.number}"
            draft = versions.new_draft(workflow=version.workflow, data=version.content, note=note, user=request.user)
        except RuleError as error:
            messages.error(request, f"No draft could be made: {error.problems[0].detail}")
            return to_version(version.pk)
        messages.success(request, f"Version {draft.number} is your draft. Say below what it changes.")
        return HttpResponseRedirect(reverse("admin:orchestration_workflowversion_edit", args=[draft.pk]))

    def discard_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        version = self.version(request, pk)
        if not request.user.has_perm(DELETE):
            raise PermissionDenied
        if request.method != "POST":
            return self.page(request, "version_discard.html", f"Discard {version}", version=version)
        try:
            number = discard(version_id=version.pk, user=request.user)
            messages.success(request, f"Draft {number} is discarded.")
        except Refused as refused:
            messages.error(request, refused.message)
            return to_version(version.pk)
        return HttpResponseRedirect(reverse("admin:orchestration_workflowversion_changelist"))

    def export_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        version = self.version(request, pk)
        text = export_pack(workflow=version.workflow, version=version)
        name = f"{version.workflow.slug}-{version.number}.yaml"
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return HttpResponse(text, content_type="application/yaml; charset=utf-8", headers=headers)

    def version(self, request: HttpRequest, object_id: Any) -> WorkflowVersion:
        if not self.has_view_permission(request):
            raise PermissionDenied
        related = ("workflow", "author", "published_by", "reviewed_by")
        try:
            return WorkflowVersion.objects.select_related(*related).get(pk=int(object_id))
        except (WorkflowVersion.DoesNotExist, ValueError):
            raise Http404("There is no such version.") from None


def to_version(pk: int) -> HttpResponse:
    return HttpResponseRedirect(reverse("admin:orchestration_workflowversion_change", args=[pk]))
