"""Write a case's history: events numbered on the case row, and with them the deliveries to outside systems."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib.auth.models import User

from orchestration.models import Case, CaseEvent, CaseEventContent, WebhookDelivery, WebhookEndpoint
from orchestration.models.selects import Select
from orchestration.models.statements import new_row
from orchestration.models.webhook import WEBHOOK_EVENTS
from orchestration.models.writing import Writing


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
        row = new_row(
            CaseEvent,
            case=self.case,
            number=self.case.last_event,
            name=name,
            actor=actor,
            user_id=user.pk if user else None,
            about=dict(about or {}),
        )
        self._rows.append(row)
        if content is not None:
            self._contents.append(new_row(CaseEventContent, event=row, content=dict(content)))

    def write(self) -> None:
        """Write them now, within the caller's transaction."""
        writing = Writing()
        self.write_with(writing)
        writing.run()

    def write_with(self, writing: Writing) -> None:
        """Have them written with the rest of what happens, and a delivery to whoever wants to be told."""
        for row in (*self._rows, *self._contents):
            writing.insert(row, key=False)
        told = [row for row in self._rows if row.name in WEBHOOK_EVENTS]
        if told and self.case.client.has_endpoints:
            for endpoint in _endpoints(client_id=self.case.client_id):
                for row in told:
                    if not endpoint.events or row.name in endpoint.events:
                        writing.insert(WebhookDelivery(endpoint=endpoint, event=row, name=row.name))
        self._rows, self._contents = [], []


_endpoints = Select(lambda client_id: WebhookEndpoint.objects.filter(client_id=client_id, active=True).order_by("id"))
