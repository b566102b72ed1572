"""What the templates below `story/` need besides the story itself."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from orchestration.admin.label import priority_label, status_label
from orchestration.models import CaseStatus
from orchestration.services.case_story import Story


def story_context(story: Story) -> dict[str, Any]:
    return {
        "story": story,
        "status_label": status_label(CaseStatus(story.case.status)),
        "priority_label": priority_label(story.case.priority),
        "zone": timezone.get_current_timezone_name(),
    }
