"""The admin: pages for the people who conduct the agents. Pages call services; nothing is decided here."""

from django.contrib import admin

from orchestration.admin import (
    agent_run,
    api_key,
    case,
    client,
    decision,
    queue_tasks,
    user,
    version,
    webhook,
    work_item,
    workflow,
)
from orchestration.admin.site import dress

__all__ = [
    "agent_run",
    "api_key",
    "case",
    "client",
    "decision",
    "queue_tasks",
    "user",
    "version",
    "webhook",
    "work_item",
    "workflow",
]

dress(admin.site)
