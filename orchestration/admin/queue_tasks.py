"""The task queue's own rows, for operators: doorbells that wait, and tasks that failed. Nothing to change here."""

from __future__ import annotations

from typing import Any

import django_q.admin  # noqa: F401 - registers the pages that ours take the place of
from django.contrib import admin
from django.http import HttpRequest
from django_q.models import Failure, OrmQ, Schedule, Success

from orchestration.admin.base import ReadOnlyAdmin

for model in (Failure, OrmQ, Schedule, Success):
    if admin.site.is_registered(model):
        admin.site.unregister(model)


@admin.register(OrmQ)
class DoorbellAdmin(ReadOnlyAdmin):
    list_display = ("id", "key", "what", "lock")
    list_display_links = None
    empty_title = "The queue is empty"
    empty_text = "Workers keep up: nothing waits to be taken up."

    @admin.display(description="Task")
    def what(self, row: OrmQ) -> str:
        try:
            task: Any = row.task
            return f"{task['func']} {task['args']}"
        except Exception:
            return "cannot be read: it was signed with another secret key"


@admin.register(Failure)
class FailureAdmin(ReadOnlyAdmin):
    list_display = ("name", "func", "started", "stopped", "result")
    list_display_links = None
    search_fields = ("name", "func")
    empty_title = "No task failed"
    empty_text = "What goes wrong on a case shows on the case; this list is for faults of the queue itself."

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).filter(success=False)
