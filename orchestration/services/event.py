"""Write a case's history: events numbered on the case row, and with them the deliveries to outside systems."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib.auth.models import User

from orchestration.models import Case, CaseEvent, CaseEventContent, WebhookDelivery, WebhookEndpoint
from orchestration.models.selects import Select
from orchestration.models.statements import insert
from orchestration.models.webhook import WEBHOOK_EVENTS


class Events:
    """Events of one transaction on one case. `add` raises `case.last_event`; the caller saves the case row.

    Numbers stay without gap or double because the caller holds the case row: it has locked it, or updates
    it only where `last_event` is still the one it read.
    """

    def __init__(self, case: Case) -> None:
        self.case = case
        self._rows: list[CaseEvent] = []
        self._contents: list[CaseEventContent] = []

    def add(
        self,
        name: str,
        *,
        actor: str,
        user: User | None = None,
        about: Mapping[str, Any] | None = None,
        content: Mapping[str, Any] | None = None,
    ) -> None:
        """`about` holds identifiers only; whatever a person or client wrote belongs into `content`."""
        self.case.last_event += 1
        row = CaseEvent(
            case_id=self.case.pk,
            number=self.case.last_event,
            name=name,
            actor=actor,
            user=user,
            about=dict(about or {}),
        )
        self._rows.append(row)
        if content is not None:
            self._contents.append(CaseEventContent(event=row, content=dict(content)))

    def write(self) -> None:
        for row in self._rows:
            row.case_id = self.case.pk  # a new case got its key after its first events were added
        insert(self._rows)
        if self._contents:
            CaseEventContent.objects.bulk_create(self._contents)
        told = [row for row in self._rows if row.name in WEBHOOK_EVENTS]
        if told:
            deliveries = [
                WebhookDelivery(endpoint=endpoint, event=row, name=row.name)
                for endpoint in _endpoints(client_id=self.case.client_id)
                for row in told
                if not endpoint.events or row.name in endpoint.events
            ]
            if deliveries:
                WebhookDelivery.objects.bulk_create(deliveries)
        self._rows, self._contents = [], []


_endpoints = Select(lambda client_id: WebhookEndpoint.objects.filter(client_id=client_id, active=True).order_by("id"))
