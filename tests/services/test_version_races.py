"""Two people, or two workers, at one version in the same moment."""

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import close_old_connections, connections
from django.utils import timezone

from orchestration.models import Approval, Submission, VersionEvent, Workflow, WorkflowVersion
from orchestration.services import approval, schedule
from orchestration.services import version as versions
from orchestration.services.refusal import Refused
from orchestration.services.version_status import sight
from tests import small_workflow
from tests.submitting import ANALYST, approved, draft_of, somebody, status_of, story_of, submitted

pytestmark = pytest.mark.django_db


def _race(*acts: Callable[[], object]) -> list[str]:
    """Each act in a thread of its own, all at once: "done", or why not."""
    start, results = threading.Barrier(len(acts)), []

    def run(act: Callable[[], object]) -> None:
        close_old_connections()
        start.wait()
        try:
            act()
            results.append("done")
        except Refused as refused:
            results.append(refused.message)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


@pytest.mark.django_db(transaction=True)
def test_of_approval_rejection_and_withdrawal_at_once_exactly_one_happens() -> None:
    workflow, author = small_workflow.publish(), somebody(ANALYST)
    version, judges = submitted(draft_of(workflow, author)), [somebody() for _ in range(4)]
    results = _race(
        lambda: approval.approve(version_id=version.pk, user=judges[0]),
        lambda: approval.approve(version_id=version.pk, user=judges[1]),
        lambda: approval.withdraw(version_id=version.pk, user=author),
    )
    ends = VersionEvent.objects.filter(version_id=version.pk, name__in=["version.approved", "version.withdrawn"])
    approvals = Approval.objects.filter(version=version, verdict="approved").count()
    assert approvals <= 1
    assert results.count("done") == ends.count()
    assert status_of(version) == ends.latest("id").name.removeprefix("version.")


@pytest.mark.django_db(transaction=True)
def test_a_save_and_a_submission_at_once_never_freeze_what_nobody_checked() -> None:
    workflow, author = small_workflow.publish(), somebody(ANALYST)
    draft, other = draft_of(workflow, author), somebody(ANALYST)
    newer, seen = {**draft.content, "budget": 5}, sight(draft)
    results = _race(
        lambda: approval.submit(version_id=draft.pk, user=author, effect="x", warnings_note="y", seen=seen),
        lambda: versions.save_draft(version_id=draft.pk, data=newer, note="mine", revision=1, user=other),
    )
    draft.refresh_from_db()
    assert results.count("done") == 1
    if draft.status == "submitted":
        assert (draft.submission.digest, draft.revision) == (draft.digest, 1)
    else:
        assert (draft.status, draft.note, Submission.objects.count()) == ("draft", "mine", 0)


@pytest.mark.django_db(transaction=True)
def test_of_two_versions_published_at_once_the_other_is_retired_and_one_is_published() -> None:
    workflow = small_workflow.publish()
    pair = [approved(draft_of(workflow, budget=number)) for number in (1, 2)]
    people = [somebody(), somebody()]
    results = _race(
        lambda: versions.publish(version_id=pair[0].pk, user=people[0]),
        lambda: versions.publish(version_id=pair[1].pk, user=people[1]),
    )
    assert results == ["done", "done"]
    assert sorted(status_of(one) for one in pair) == ["published", "retired"]
    assert Workflow.objects.get().published_version.status == "published"


@pytest.mark.django_db(transaction=True)
def test_many_workers_publish_what_is_due_once() -> None:
    workflow, arne = small_workflow.publish(), somebody()
    version = approved(draft_of(workflow, budget=1))
    schedule.schedule(version_id=version.pk, user=arne, at=timezone.now() + timedelta(hours=1))
    WorkflowVersion.objects.filter(pk=version.pk).update(publish_at=timezone.now() - timedelta(seconds=1))
    _race(*[schedule.publish_due] * 4)
    names = [name for name, _ in story_of(version)]
    assert (names.count("published"), status_of(version)) == (1, "published")
