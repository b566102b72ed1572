"""Drafts: thrown away while they are drafts."""

from django.db import transaction

from orchestration.models import VersionStatus, WorkflowVersion
from orchestration.services.refusal import Refused


def discard(*, version_id: int) -> int:
    """Delete a draft for good; its number. Raises Refused for anything that has left drafting."""
    with transaction.atomic():
        version = WorkflowVersion.objects.select_for_update().get(pk=version_id)
        if version.status != VersionStatus.DRAFT:
            raise Refused(f"Version {version.number} is part of the record and is never deleted.")
        version.delete()
        return version.number
