"""Clients: the outside systems that own cases, with their keys and webhook endpoints."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html

from orchestration.admin.base import ModelAdmin, moment_column
from orchestration.admin.label import label
from orchestration.models import Client


@admin.register(Client)
class ClientAdmin(ModelAdmin):
    list_display = ("name", "state_shown", "keys_shown", "endpoints_shown", "created_at_shown")
    fields = ("name", "active", "test")
    search_fields = ("name",)
    empty_title = "No client yet"
    empty_text = "A client is an outside system that posts cases. Make one by creating its first API key."

    created_at_shown = moment_column("created_at", "Since")

    @admin.display(description="State", ordering="active")
    def state_shown(self, client: Client) -> str:
        if not client.active:
            return label("switched off", "bad")
        return label("test", "info") if client.test else label("active", "good")

    @admin.display(description="Live keys", ordering="live_keys")
    def keys_shown(self, client: Client) -> str:
        url = reverse("admin:orchestration_apikey_changelist")
        return format_html('<a href="{}?client__id__exact={}">{}</a>', url, client.pk, client.live_keys)

    @admin.display(description="Webhook endpoints", ordering="live_endpoints")
    def endpoints_shown(self, client: Client) -> int:
        return client.live_endpoints

    def get_queryset(self, request: HttpRequest) -> Any:
        return (
            super()
            .get_queryset(request)
            .annotate(
                live_keys=Count("keys", filter=Q(keys__revoked_at=None), distinct=True),
                live_endpoints=Count("endpoints", filter=Q(endpoints__active=True), distinct=True),
            )
        )

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A client owns cases, which stay; switch it off instead."""
        return False

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        client = self.get_object(request, object_id)
        context: dict[str, Any] = {}
        if client is not None:
            context = {
                "client": client,
                "keys": client.keys.order_by("-id"),
                "endpoints": client.endpoints.all(),
                "after_form": "orchestration/admin/client_keys.html",
            }
        return super().change_view(request, object_id, form_url, {**context, **(extra_context or {})})
