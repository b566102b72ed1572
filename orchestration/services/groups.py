"""The four permission groups, and what each may do."""

from typing import Final

from django.apps import apps
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.management import create_contenttypes
from django.contrib.contenttypes.models import ContentType

_READ: Final = (
    "view_workflow", "view_workflowversion", "view_queue", "view_case", "view_workitem", "view_decision",
    "view_agentrun", "view_caseevent", "view_evaluation",
)  # fmt: skip
_DRAFT: Final = ("add_workflowversion", "change_workflowversion", "delete_workflowversion")
_WORK: Final = ("work_workitem", "add_feedback")
_RUN: Final = (
    "add_workflow", "change_workflow", "approve_workflowversion", "publish_workflowversion", "change_autonomy",
    "move_case", "cancel_case",
    "add_queue", "change_queue", "delete_queue",
    "view_client", "add_client", "change_client", "view_apikey", "add_apikey", "change_apikey",
    "view_webhookendpoint", "add_webhookendpoint", "change_webhookendpoint", "delete_webhookendpoint",
    "view_webhookdelivery", "view_heartbeat", "manage_agents",
)  # fmt: skip

GROUPS: Final = {
    "Workflow Specialist": (*_READ, *_WORK),
    "Orchestration Analyst": (*_READ, *_DRAFT),
    "Orchestration Architect": (*_READ, *_DRAFT, *_RUN, *_WORK),
    "Head of AI Operations": (*_READ, *_DRAFT, *_RUN, *_WORK),
}


def install_groups(*, using: str = "default") -> None:
    """Make the groups and give them at least these permissions; what an operator added stays."""
    create_contenttypes(apps.get_app_config("orchestration"), using=using, verbosity=0)
    from django.contrib.auth.management import create_permissions

    create_permissions(apps.get_app_config("orchestration"), using=using, verbosity=0)
    types = ContentType.objects.using(using).filter(app_label="orchestration")
    known = {
        permission.codename: permission for permission in Permission.objects.using(using).filter(content_type__in=types)
    }
    for name, codenames in GROUPS.items():
        group, _ = Group.objects.using(using).get_or_create(name=name)
        group.permissions.add(*(known[codename] for codename in codenames))
