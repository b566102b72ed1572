"""The statuses of a version, and which one may follow which."""

from typing import Final

from django.db import models


class VersionStatus(models.TextChoices):
    DRAFT = "draft", "Draft"
    SUBMITTED = "submitted", "Submitted"
    APPROVED = "approved", "Approved"
    SCHEDULED = "scheduled", "Scheduled"
    PUBLISHED = "published", "Published"
    RETIRED = "retired", "Retired"
    REJECTED = "rejected", "Rejected"
    WITHDRAWN = "withdrawn", "Withdrawn"


_NEVER_PUBLISHED: Final = (VersionStatus.REJECTED, VersionStatus.WITHDRAWN)

NEXT: Final[dict[str, tuple[str, ...]]] = {
    VersionStatus.DRAFT: (VersionStatus.SUBMITTED, VersionStatus.PUBLISHED),
    VersionStatus.SUBMITTED: (VersionStatus.APPROVED, VersionStatus.PUBLISHED, *_NEVER_PUBLISHED),
    VersionStatus.APPROVED: (VersionStatus.SCHEDULED, VersionStatus.PUBLISHED, *_NEVER_PUBLISHED),
    VersionStatus.SCHEDULED: (VersionStatus.APPROVED, VersionStatus.PUBLISHED, *_NEVER_PUBLISHED),
    VersionStatus.PUBLISHED: (VersionStatus.RETIRED,),
    VersionStatus.RETIRED: (),
    VersionStatus.REJECTED: (),
    VersionStatus.WITHDRAWN: (),
}
"""Every allowed change of status; services and database triggers read it here. From `draft` and `submitted` to
`published` leads only the operator's emergency: a constraint asks for the approval otherwise."""
