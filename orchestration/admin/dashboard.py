"""The first page: for each role what matters first, in a few cheap figures."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from orchestration.admin.label import TONES
from orchestration.services.agent_condition import attention
from orchestration.services.overview import (
    any_workflow,
    cases_of_the_day,
    emergencies,
    shares_of_the_week,
    versions_waiting,
    worker_sign,
)
from orchestration.services.work_queue import WorkFigures, queue_figures


def dashboard(request: HttpRequest) -> dict[str, Any]:
    """The context of the first page, under `board`."""
    user = request.user
    sees_cases = user.has_perm("orchestration.view_case")
    sees_work = user.has_perm("orchestration.view_workitem")
    day = cases_of_the_day() if sees_cases else {}
    work = queue_figures(user=user) if sees_work else WorkFigures(())
    urgent = emergencies() if user.has_perm("orchestration.publish_workflowversion") else []
    total = sum(day.values())
    cases = reverse("admin:orchestration_case_changelist")
    return {
        "board": {
            "workflows": any_workflow(),
            "may_import": user.has_perm("orchestration.add_workflow"),
            "may_see_work": sees_work,
            "emergencies": urgent,
            "versions": versions_waiting(user=user),
            "agents": attention() if user.has_perm("orchestration.view_workflow") else [],
            "worker": worker_sign(),
            "work": work,
            "cards": [*(_work_cards(work) if sees_work else []), *(_case_cards(day) if sees_cases else [])],
            "shares": shares_of_the_week() if sees_cases else [],
            "day_total": total,
            "day": [
                {
                    "label": status.label, "count": count, "width": round(100 * count / total, 2),
                    "tone": {"warning": "warning", "good": "good", "info": "info"}.get(TONES[status], "quiet"),
                    "url": f"{cases}?status__exact={status.value}",
                }
                for status, count in day.items()
            ],
        }
    }  # fmt: skip


def _work_cards(work: WorkFigures) -> list[dict[str, Any]]:
    url = reverse("admin:orchestration_workitem_changelist")
    nothing = "all clear" if not work.open else "see who has them"
    return [
        _card("My work", work.mine, "claimed by you" if work.mine else "nothing claimed yet", f"{url}?whose=mine"),
        _card("Waiting for somebody", work.free, "free to claim" if work.free else nothing, f"{url}?whose=free"),
        _card(
            "Overdue", work.overdue, "act on these first" if work.overdue else "nothing is late",
            f"{url}?whose=overdue", alarm=bool(work.overdue),
        ),
    ]  # fmt: skip


def _case_cards(day: dict[Any, int]) -> list[dict[str, Any]]:
    total = sum(day.values())
    return [
        _card(
            "Cases, last 24 hours",
            total,
            f"{day.get('decided', 0)} decided",
            reverse("admin:orchestration_case_changelist"),
        )
    ]


def _card(title: str, figure: int, text: str, url: str, *, alarm: bool = False) -> dict[str, Any]:
    return {"title": title, "figure": figure, "text": text, "url": url, "alarm": alarm}
