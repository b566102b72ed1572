"""The way of a version from draft to approved, and who may take which step of it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from orchestration.models import Approval, Submission, VersionEvent, Workflow, WorkflowVersion
from orchestration.rules.pack import dump_yaml
from orchestration.services import approval, pack, schedule
from orchestration.services import version as versions
from orchestration.services.evidence import evidence_from
from orchestration.services.refusal import Refused
from orchestration.services.version_status import sight
from tests.small_workflow import document, rules
from tests.submitting import ANALYST, approved, draft_of, published, somebody, status_of, story_of, submitted

pytestmark = pytest.mark.django_db
HOLDS = {"title": "Rude", "given": {"case": {"text": "a", "rude": True}}, "expect": {"escalate": "The text is rude"}}
FAILS = {**HOLDS, "title": "Fine", "expect": {"outcome": "yes"}}
DOUBTFUL = {"spare": {"type": "number", "value": 1}}  # unused, which is a warning


def test_the_whole_way_is_on_record(draft: WorkflowVersion, ana: User, arne: User) -> None:
    versions.save_draft(version_id=draft.pk, data={**draft.content, "budget": 3}, note="n", revision=1, user=ana)
    submitted(draft, ana)
    approved(WorkflowVersion.objects.get(pk=draft.pk), arne)
    schedule.schedule(version_id=draft.pk, user=arne, at=timezone.now() + timedelta(days=1))
    schedule.unschedule(version_id=draft.pk, user=arne)
    versions.publish(version_id=draft.pk, user=arne)
    assert story_of(draft) == [
        ("created", "Ana Lima"), ("edited", "Ana Lima"), ("submitted", "Ana Lima"), ("approved", "Arne Holm"),
        ("scheduled", "Arne Holm"), ("unscheduled", "Arne Holm"), ("published", "Arne Holm"),
    ]  # fmt: skip
    edited = VersionEvent.objects.get(version_id=draft.pk, name="version.edited")
    assert edited.about == {"parts": ["budget"]}
    former = WorkflowVersion.objects.get(number=1)
    assert (former.status, story_of(former)[-1]) == ("retired", ("retired", "Arne Holm"))


def test_a_submission_freezes_the_content_with_its_evidence(greeting: Workflow, ana: User) -> None:
    draft = draft_of(greeting, ana, rules=rules()[1:], scenarios=[{**HOLDS, "expect": {"run": ["hear"]}}],
                     parameters={**greeting.published_version.content["parameters"], **DOUBTFUL})  # fmt: skip
    approval.submit(version_id=draft.pk, user=ana, effect=" Fewer escalations ", warnings_note="Used soon.")
    submission = Submission.objects.get()
    evidence = evidence_from(submission.evidence)
    assert (submission.digest, submission.user, submission.effect, submission.warnings_note) == (
        draft.digest, ana, "Fewer escalations", "Used soon.",
    )  # fmt: skip
    assert submission.compared_with == greeting.published_version
    assert evidence.compared_with == 1
    assert [(one.title, one.passed) for one in evidence.scenarios] == [("Rude", True)]
    assert [(one.kind, one.section, one.key) for one in evidence.changes] == [
        ("removed", "rules", "rude"), ("added", "parameters", "spare"), ("changed", "scenarios", "scenarios"),
    ]  # fmt: skip
    assert any("spare" in one.message for one in evidence.warnings)
    with pytest.raises(Refused, match="is submitted and never changes"):
        versions.save_draft(version_id=draft.pk, data=draft.content, note="x", revision=1, user=ana)


@pytest.mark.parametrize(
    ("changed", "given", "told"),
    [
        ({}, {"effect": "  "}, "what you expect the change to do"),  # the expected effect is needed
        ({"parameters": DOUBTFUL}, {}, "There are warnings"),  # and a note where there are warnings
        ({"scenarios": [FAILS]}, {}, "1 scenarios fail. The first: Fine"),
        ({}, {"effect": "x" * 10_001}, "at most 10,000"),
    ],
)
def test_what_is_wrong_or_unexplained_is_not_submitted(
    changed: dict[str, Any], given: dict[str, Any], told: str, greeting: Workflow, ana: User
) -> None:
    parameters = {**greeting.published_version.content["parameters"], **changed.pop("parameters", {})}
    draft = draft_of(greeting, ana, **{**changed, "parameters": parameters})
    with pytest.raises(Refused, match=told):
        approval.submit(version_id=draft.pk, user=ana, **{"effect": "Less work.", **given})
    assert (status_of(draft), Submission.objects.count()) == ("draft", 0)


def test_what_became_wrong_since_it_was_saved_is_not_submitted(draft: WorkflowVersion, ana: User) -> None:
    draft.workflow.queues.all().delete()
    with pytest.raises(Refused, match=r"errors\. The first: There is no queue"):
        submitted(draft, ana)


def test_a_draft_that_changed_since_it_was_read_is_not_submitted(draft: WorkflowVersion, ana: User) -> None:
    seen = sight(draft)
    versions.save_draft(version_id=draft.pk, data=draft.content, note="newer", revision=1, user=somebody(ANALYST))
    with pytest.raises(Refused, match="was changed since you opened this page"):
        approval.submit(version_id=draft.pk, user=ana, effect="x", seen=seen)
    assert status_of(draft) == "draft"


@pytest.mark.parametrize("superuser", [False, True])
@pytest.mark.parametrize("part", ["author", "contributor", "submitter"])
def test_who_had_a_hand_in_it_neither_approves_nor_publishes_it(
    part: str, superuser: bool, greeting: Workflow, ana: User
) -> None:
    hand = somebody(is_superuser=superuser)
    draft = draft_of(greeting, hand if part == "author" else ana, rules=rules()[1:])
    if part == "contributor":
        versions.save_draft(version_id=draft.pk, data=draft.content, note="x", revision=1, user=hand)
    submitted(draft, hand if part == "submitter" else ana)
    for act in (
        lambda: approval.approve(version_id=draft.pk, user=hand),
        lambda: approval.reject(version_id=draft.pk, user=hand, comment="no"),
    ):
        with pytest.raises(Refused, match="You wrote on this version, so somebody else must approve it"):
            act()
    approved(WorkflowVersion.objects.get(pk=draft.pk))
    later = timezone.now() + timedelta(hours=1)
    for act in (
        lambda: versions.publish(version_id=draft.pk, user=hand),
        lambda: schedule.schedule(version_id=draft.pk, user=hand, at=later),
    ):
        with pytest.raises(Refused, match="You wrote on this version, so somebody else must publish it"):
            act()
    assert status_of(draft) == "approved"


@pytest.mark.parametrize(
    ("group", "can"),
    [
        ("Workflow Specialist", set()),
        ("Orchestration Analyst", {"submit"}),
        ("Orchestration Architect", {"submit", "approve", "reject", "publish", "schedule"}),
        ("Head of AI Operations", {"submit", "approve", "reject", "publish", "schedule"}),
    ],
)
def test_each_group_does_its_part(group: str, can: set[str], greeting: Workflow, ana: User) -> None:
    steps: dict[str, Callable[[User], object]] = {
        "submit": lambda user: submitted(draft_of(greeting, ana), user),
        "approve": lambda user: approved(submitted(draft_of(greeting, ana)), user),
        "reject": lambda user: approval.reject(
            version_id=submitted(draft_of(greeting, ana)).pk, user=user, comment="no"
        ),
        "publish": lambda user: versions.publish(version_id=approved(draft_of(greeting, ana)).pk, user=user),
        "schedule": lambda user: schedule.schedule(
            version_id=approved(draft_of(greeting, ana)).pk, user=user, at=timezone.now() + timedelta(days=1)
        ),
    }
    done, told = set(), []
    for name, step in steps.items():
        try:
            step(somebody(group))
            done.add(name)
        except Refused as refused:
            told.append(refused.message)
    assert done == can
    assert all(message.startswith("You may not") for message in told)


def test_a_permission_taken_away_meanwhile_counts(draft: WorkflowVersion, arne: User) -> None:
    submitted(draft)
    arne.groups.clear()
    with pytest.raises(Refused, match="may not approve"):
        approval.approve(version_id=draft.pk, user=User.objects.get(pk=arne.pk))


def test_an_approval_is_bound_to_the_content(draft: WorkflowVersion, arne: User) -> None:
    approved(draft, arne)
    row = Approval.objects.get()
    assert (row.digest, row.user, row.verdict, row.comment) == (draft.digest, arne, "approved", "Good.")


def test_an_approval_of_other_content_does_not_count(greeting: Workflow, ana: User, arne: User) -> None:
    """No route leads here, the triggers see to it; if one did, publication would ask for the digest."""
    version = submitted(draft_of(greeting, ana))
    Approval.objects.create(version=version, verdict="approved", digest="0" * 64, user=somebody())
    WorkflowVersion.objects.filter(pk=version.pk).update(status="approved", approved_by=arne)
    later = timezone.now() + timedelta(hours=1)
    for act in (
        lambda: versions.publish(version_id=version.pk, user=arne),
        lambda: schedule.schedule(version_id=version.pk, user=arne, at=later),
    ):
        with pytest.raises(Refused, match="for other content"):
            act()
    WorkflowVersion.objects.filter(pk=version.pk).update(
        status="scheduled", publish_at=timezone.now() - timedelta(seconds=1)
    )
    assert (schedule.publish_due(), status_of(version)) == (0, "approved")


def test_an_approval_by_a_writer_slipped_in_does_not_count(greeting: Workflow, arne: User) -> None:
    author = somebody()
    version = submitted(draft_of(greeting, author))
    Approval.objects.create(version=version, verdict="approved", digest=version.digest, user=author)
    WorkflowVersion.objects.filter(pk=version.pk).update(status="approved", approved_by=arne)
    with pytest.raises(Refused, match="approved by somebody who wrote on it"):
        versions.publish(version_id=version.pk, user=arne)


def test_an_approver_who_has_not_seen_what_is_published_now_looks_again(
    greeting: Workflow, ana: User, arne: User
) -> None:
    version = submitted(draft_of(greeting, ana, budget=1))
    seen = sight(WorkflowVersion.objects.get(pk=version.pk))
    published(draft_of(greeting, ana, budget=2))
    with pytest.raises(Refused, match="Another version was published since"):
        approval.approve(version_id=version.pk, user=arne, seen=seen)
    approval.approve(version_id=version.pk, user=arne, seen=sight(WorkflowVersion.objects.get(pk=version.pk)))
    assert status_of(version) == "approved"


def test_a_rejection_says_why_and_ends_the_way(draft: WorkflowVersion, ana: User, arne: User) -> None:
    submitted(draft)
    with pytest.raises(Refused, match="Say why"):
        approval.reject(version_id=draft.pk, user=arne, comment=" ")
    approval.reject(version_id=draft.pk, user=arne, comment="Too bold.")
    assert (status_of(draft), Approval.objects.get().comment) == ("rejected", "Too bold.")
    for act in (
        lambda: approval.approve(version_id=draft.pk, user=arne),
        lambda: submitted(draft, ana),
        lambda: versions.publish(version_id=draft.pk, user=None),
        lambda: approval.withdraw(version_id=draft.pk, user=ana),
    ):
        with pytest.raises(Refused):
            act()
    again = versions.new_draft(workflow=draft.workflow, data=draft.content, user=ana)
    assert (again.status, again.digest) == ("draft", draft.digest)


def test_an_approval_can_be_taken_back_before_publication(draft: WorkflowVersion, arne: User) -> None:
    approved(draft)
    schedule.schedule(version_id=draft.pk, user=arne, at=timezone.now() + timedelta(days=1))
    approval.reject(version_id=draft.pk, user=arne, comment="Found a flaw.")
    assert list(Approval.objects.values_list("verdict", flat=True)) == ["approved", "rejected"]
    draft.refresh_from_db()
    assert (draft.status, draft.publish_at, draft.approved_by) == ("rejected", None, None)


@pytest.mark.parametrize("way", [submitted, approved])
def test_its_author_withdraws_a_version_and_nobody_else(
    way: Callable[[WorkflowVersion], WorkflowVersion], draft: WorkflowVersion, ana: User, arne: User
) -> None:
    way(draft)
    with pytest.raises(Refused, match="Only who wrote on a version"):
        approval.withdraw(version_id=draft.pk, user=arne)
    approval.withdraw(version_id=draft.pk, user=ana, comment="A better idea.")
    assert (status_of(draft), story_of(draft)[-1]) == ("withdrawn", ("withdrawn", "Ana Lima"))


def test_the_first_version_of_a_workflow_has_nothing_to_compare_with(ana: User) -> None:
    version = pack.import_pack(text=dump_yaml(document()), user=ana).version
    submitted(version)
    evidence = evidence_from(Submission.objects.get().evidence)
    assert (evidence.compared_with, evidence.changes) == (None, ())


def test_what_was_discarded_is_said_to_be(greeting: Workflow, ana: User) -> None:
    gone = draft_of(greeting, ana)
    number = gone.pk
    gone.delete()
    for act in (
        lambda: submitted(WorkflowVersion(pk=number), ana),
        lambda: approval.approve(version_id=number, user=ana),
        lambda: versions.publish(version_id=number, user=ana),
    ):
        with pytest.raises(Refused, match="is gone: somebody discarded"):
            act()
