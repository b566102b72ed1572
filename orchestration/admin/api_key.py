"""API keys: made here and shown once, revoked here; never changed."""

from __future__ import annotations

from datetime import datetime, time
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone

from orchestration.admin.base import ReadOnlyAdmin, moment_column
from orchestration.admin.label import label
from orchestration.models import ApiKey, Client, Workflow
from orchestration.services.api_key import SCOPES, create_key, revoke
from orchestration.services.refusal import Refused

ADD, CHANGE = "orchestration.add_apikey", "orchestration.change_apikey"
SCOPE_WORDS = {
    "cases:write": "Post, cancel and report back on cases",
    "cases:read": "Read its own cases, their history and explanation",
    "workflows:read": "Read which workflows there are",
    "rules:evaluate": "Try the rules on given facts, storing nothing",
}


class KeyForm(forms.Form):
    client = forms.CharField(
        label="Client",
        max_length=120,
        help_text="The outside system. A name that is not there yet makes a new client.",
    )
    name = forms.CharField(
        label="Name of the key", max_length=120, help_text="To tell keys apart, such as “production” or “2026”."
    )
    scopes = forms.MultipleChoiceField(
        label="What it may do",
        choices=[(scope, f"{SCOPE_WORDS.get(scope, scope)} ({scope})") for scope in SCOPES],
        widget=forms.CheckboxSelectMultiple,
    )
    workflows = forms.ModelMultipleChoiceField(
        label="Only for these workflows",
        queryset=Workflow.objects.all(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="None chosen: all workflows.",
    )
    expires_on = forms.DateField(
        label="Ends on",
        required=False,
        widget=forms.DateInput({"type": "date"}),
        help_text="Empty: it lives until somebody revokes it.",
    )
    test = forms.BooleanField(label="A new client is for tests: its cases run, but count in no figure", required=False)

    def clean_expires_on(self) -> Any:
        day = self.cleaned_data["expires_on"]
        if day and day <= timezone.localdate():
            raise forms.ValidationError("Choose a day after today.")
        return day


@admin.register(ApiKey)
class ApiKeyAdmin(ReadOnlyAdmin):
    list_display = (
        "name",
        "client",
        "hint_shown",
        "scopes_shown",
        "state_shown",
        "last_used_at_shown",
        "created_at_shown",
    )
    list_display_links = ("name",)
    list_filter = ("client",)
    list_select_related = ("client",)
    search_fields = ("name", "client__name", "hint")
    list_before = "orchestration/admin/api_key_list_before.html"
    empty_title = "No API key yet"
    empty_text = "An outside system needs one to post cases."

    last_used_at_shown = moment_column("last_used_at", "Last used")
    created_at_shown = moment_column("created_at", "Made")

    @admin.display(description="Begins with")
    def hint_shown(self, key: ApiKey) -> str:
        return f"{key.hint}…"

    @admin.display(description="May")
    def scopes_shown(self, key: ApiKey) -> str:
        return ", ".join(key.scopes)

    @admin.display(description="State")
    def state_shown(self, key: ApiKey) -> str:
        return state_of(key)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("new/", view(self.new_view), name="orchestration_apikey_new"),
            path("<int:pk>/revoke/", view(self.revoke_view), name="orchestration_apikey_revoke"),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return super().changelist_view(request, {"can_add": request.user.has_perm(ADD), **(extra_context or {})})

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        key = self.get_object(request, object_id)
        if not self.has_view_permission(request, key):
            raise PermissionDenied
        if key is None:
            return HttpResponseRedirect(reverse("admin:orchestration_apikey_changelist"))
        return self.page(
            request,
            "api_key.html",
            f"API key {key.name}",
            key=key,
            state=state_of(key),
            scopes=[(scope, SCOPE_WORDS.get(scope, "")) for scope in key.scopes],
            workflows=list(key.workflows.all()),
            can_revoke=key.revoked_at is None and request.user.has_perm(CHANGE),
        )

    def new_view(self, request: HttpRequest) -> HttpResponse:
        """The form, and once, after it was sent, the key itself."""
        if not request.user.has_perm(ADD):
            raise PermissionDenied
        form = KeyForm(request.POST or None, initial={"client": request.GET.get("client", ""), "scopes": SCOPES[:2]})
        if request.method == "POST" and form.is_valid():
            given = form.cleaned_data
            ends = given["expires_on"]
            try:
                key, text = create_key(
                    name=given["name"],
                    client=given["client"],
                    scopes=given["scopes"],
                    workflows=[workflow.slug for workflow in given["workflows"]],
                    expires_at=timezone.make_aware(datetime.combine(ends, time())) if ends else None,
                    test=given["test"],
                )
            except Refused as refused:
                form.add_error(None, refused.message)
            else:
                return self.page(request, "api_key_shown.html", "Your new API key", key=key, text=text)
        clients = Client.objects.values_list("name", flat=True)[:200]
        return self.page(
            request,
            "api_key_new.html",
            "New API key",
            form=form,
            clients=clients,
            status=400 if form.errors else 200,
        )

    def revoke_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        if not request.user.has_perm(CHANGE):
            raise PermissionDenied
        key = self.get_object(request, str(pk))
        if key is None:
            return HttpResponseRedirect(reverse("admin:orchestration_apikey_changelist"))
        if request.method != "POST":
            return self.page(request, "api_key_revoke.html", f"Revoke API key {key.name}", key=key)
        revoke(key_id=key.pk)
        messages.success(request, f"The key {key.name} is revoked; it opens nothing any more.")
        return HttpResponseRedirect(reverse("admin:orchestration_apikey_change", args=[key.pk]))


def state_of(key: ApiKey) -> str:
    if key.revoked_at:
        return label("revoked", "quiet")
    if key.expires_at and key.expires_at <= timezone.now():
        return label("expired", "quiet")
    return label("live", "good")
