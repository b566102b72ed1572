"""Publication at a time: put on the schedule, moved, taken off, and done when it is due."""

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from orchestration.models import VersionEvent, Workflow, WorkflowVersion
from orchestration.services import schedule
from orchestration.services.reaper import reap
from orchestration.services.refusal import Refused
from tests.submitting import ANALYST, approved, draft_of, published, somebody, status_of, story_of

pytestmark = pytest.mark.django_db


def test_a_version_publishes_itself_when_it_is_due(draft: WorkflowVersion, arne: User) -> None:
    approved(draft)
    schedule.schedule(version_id=draft.pk, user=arne, at=timezone.now() + timedelta(hours=1))
    reap()
    assert status_of(draft) == "scheduled"
    WorkflowVersion.objects.filter(pk=draft.pk).update(publish_at=timezone.now() - timedelta(seconds=1))
    reap()
    draft.refresh_from_db()
    workflow = Workflow.objects.get()
    assert (draft.status, draft.published_by, draft.emergency, draft.publish_at) == ("published", arne, False, None)
    assert (workflow.published_version, story_of(draft)[-1]) == (draft, ("published", "worker"))
    assert schedule.publish_due() == 0


@pytest.mark.parametrize(
    "at",
    [
        datetime(2020, 1, 1, tzinfo=UTC),  # past
        datetime(9999, 1, 1, tzinfo=UTC),  # too far
    ],
)
def test_only_a_time_ahead_can_be_chosen(at: datetime, draft: WorkflowVersion, arne: User) -> None:
    approved(draft)
    with pytest.raises(Refused, match="a time that lies ahead"):
        schedule.schedule(version_id=draft.pk, user=arne, at=at)


def test_the_schedule_can_be_moved_and_left(draft: WorkflowVersion, arne: User, ana: User) -> None:
    approved(draft)
    first, second = timezone.now() + timedelta(hours=1), timezone.now() + timedelta(hours=2)
    for at in (first, second):
        schedule.schedule(version_id=draft.pk, user=arne, at=at)
    draft.refresh_from_db()
    assert draft.publish_at == second
    with pytest.raises(Refused, match="may not change the schedule"):
        schedule.unschedule(version_id=draft.pk, user=somebody(ANALYST))
    schedule.unschedule(version_id=draft.pk, user=ana)  # its author can always stop it
    assert status_of(draft) == "approved"


@pytest.mark.parametrize("obstacle", ["another version", "an error"])
def test_what_cannot_be_published_when_due_is_off_the_schedule_with_the_reason(
    obstacle: str, greeting: Workflow, ana: User, arne: User
) -> None:
    version = approved(draft_of(greeting, ana, budget=1))
    schedule.schedule(version_id=version.pk, user=arne, at=timezone.now() + timedelta(hours=1))
    if obstacle == "another version":
        other = published(draft_of(greeting, ana, budget=2))
    else:
        other = greeting.published_version
        greeting.queues.all().delete()
    WorkflowVersion.objects.filter(pk=version.pk).update(publish_at=timezone.now() - timedelta(seconds=1))
    assert schedule.publish_due() == 0
    event = VersionEvent.objects.filter(version_id=version.pk).latest("id")
    assert (status_of(version), event.name) == ("approved", "version.not_published")
    assert {"another version": "Another version was published", "an error": "errors"}[obstacle] in event.note
    assert Workflow.objects.get().published_version == other
