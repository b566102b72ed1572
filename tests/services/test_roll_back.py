"""Back to an earlier version in one step: its content to the letter, approved by one other person."""

from types import SimpleNamespace

import pytest
from django.contrib.auth.models import Group, User

from orchestration.models import Case, Workflow, WorkflowVersion
from orchestration.services import approval
from orchestration.services import case as cases
from orchestration.services import version as versions
from orchestration.services.refusal import Refused
from tests.factories import ClientFactory
from tests.submitting import ARCHITECT, draft_of, published, somebody, story_of

pytestmark = pytest.mark.django_db
REFUSE = [{"key": "no", "title": "No", "when": "always", "then": [{"decide": {"outcome": "no"}}]}]


def test_rolling_back_takes_one_step_and_one_other_person(greeting: Workflow, ana: User, arne: User) -> None:
    first = greeting.published_version
    published(draft_of(greeting, somebody(), rules=REFUSE))
    back = approval.roll_back(version_id=first.pk, user=ana, effect="Everything was refused.")
    assert (back.number, back.status, back.digest, back.restores, back.author) == (
        3, "submitted", first.digest, first, ana,
    )  # fmt: skip
    ana.groups.set(Group.objects.filter(name=ARCHITECT))
    with pytest.raises(Refused, match="somebody else must approve"):
        approval.approve(version_id=back.pk, user=User.objects.get(pk=ana.pk))
    approval.approve(version_id=back.pk, user=arne)
    versions.publish(version_id=back.pk, user=arne)
    case = cases.accept(client=ClientFactory(), workflow=Workflow.objects.get(), payload={"text": "a"}, decide_now=True)
    assert Case.objects.get(pk=case.case.pk).outcome == "yes"
    assert story_of(back)[0] == ("rolled_back", "Ana Lima")


def test_rolling_back_needs_a_reason_a_right_and_a_version_that_was_published(greeting: Workflow, ana: User) -> None:
    first = greeting.published_version
    with pytest.raises(Refused, match="is published; a roll back leads to one"):
        approval.roll_back(version_id=first.pk, user=ana, effect="x")
    published(draft_of(greeting, ana))
    with pytest.raises(Refused, match="You may not roll back"):
        approval.roll_back(version_id=first.pk, user=somebody("Workflow Specialist"), effect="x")
    with pytest.raises(Refused, match="Say why"):
        approval.roll_back(version_id=first.pk, user=ana, effect="")
    assert WorkflowVersion.objects.count() == 2


def test_nobody_rolls_back_to_what_cannot_run_any_more(
    greeting: Workflow, ana: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = greeting.published_version
    published(draft_of(greeting, ana))
    nothing = SimpleNamespace(agents={}, why_not=lambda use: f"{use} is not installed.")
    monkeypatch.setattr(versions, "registry", lambda: nothing)
    with pytest.raises(Refused, match=r"Version 1 cannot run here any more\. test\.echo is not"):
        approval.roll_back(version_id=first.pk, user=ana, effect="x")
    assert WorkflowVersion.objects.count() == 2
