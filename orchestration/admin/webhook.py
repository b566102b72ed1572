"""Webhook endpoints, where outside systems are told; and deliveries, what they were told."""

from __future__ import annotations

from django import forms
from django.contrib import admin

from orchestration.admin.base import ModelAdmin, ReadOnlyAdmin, moment_column
from orchestration.admin.label import label
from orchestration.models import WebhookDelivery, WebhookEndpoint
from orchestration.models.webhook import WEBHOOK_EVENTS


class EndpointForm(forms.ModelForm):
    events = forms.MultipleChoiceField(
        choices=[(name, name) for name in WEBHOOK_EVENTS],
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="None chosen: it is told of all of them.",
    )

    class Meta:
        model = WebhookEndpoint
        fields = ("client", "url", "events", "active")
        help_texts = {"url": "Where the messages are posted.", "active": "Switched off, it gets no new messages."}


@admin.register(WebhookEndpoint)
class EndpointAdmin(ModelAdmin):
    form = EndpointForm
    list_display = ("url", "client", "events_shown", "active_shown", "created_at_shown")
    list_filter = ("client", "active")
    list_select_related = ("client",)
    created_at_shown = moment_column("created_at", "Since")
    empty_title = "No webhook endpoint yet"
    empty_text = "Add one and its client is told when a case is decided, escalated or cancelled."

    @admin.display(description="Told of")
    def events_shown(self, endpoint: WebhookEndpoint) -> str:
        return ", ".join(endpoint.events) or "everything"

    @admin.display(description="State", ordering="active")
    def active_shown(self, endpoint: WebhookEndpoint) -> str:
        return label("active", "good") if endpoint.active else label("switched off", "quiet")


@admin.register(WebhookDelivery)
class DeliveryAdmin(ReadOnlyAdmin):
    list_display = (
        "name",
        "endpoint",
        "case_shown",
        "state_shown",
        "attempts",
        "created_at_shown",
        "delivered_at_shown",
    )
    list_display_links = None
    list_filter = ("name", "endpoint")
    list_select_related = ("endpoint", "event__case")
    created_at_shown = moment_column("created_at", "Written")
    delivered_at_shown = moment_column("delivered_at", "Delivered")
    empty_title = "No message yet"
    empty_text = "Messages to webhook endpoints appear here as soon as there is something to tell."

    @admin.display(description="Case")
    def case_shown(self, delivery: WebhookDelivery) -> str:
        return str(delivery.event.case)

    @admin.display(description="State")
    def state_shown(self, delivery: WebhookDelivery) -> str:
        return label("delivered", "good") if delivery.delivered_at else label("to be sent", "info")
