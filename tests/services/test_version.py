"""Versions: one path from draft to published, never by its author, and cases keep theirs."""

from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.db import connection

from orchestration.models import Case, Client, VersionStatus, Workflow, WorkflowVersion
from orchestration.rules.pack import dump_yaml
from orchestration.rules.parse import RuleError
from orchestration.services import case as cases
from orchestration.services import pack
from orchestration.services import version as versions
from orchestration.services.draft import discard
from orchestration.services.refusal import Refused
from orchestration.services.version_status import sight
from tests.doorbells import answer
from tests.small_workflow import document, publish, rules
from tests.submitting import approved, draft_of, submitted

pytestmark = pytest.mark.django_db


def person(name: str, group: str = "Orchestration Architect", **more: bool) -> User:
    user = User.objects.create_user(name, **more)
    user.groups.add(Group.objects.get(name=group))
    return user


def imported(user: User | None = None, **changed: object) -> WorkflowVersion:
    return pack.import_pack(text=dump_yaml(document(**changed)), user=user).version


def test_export_import_export_gives_the_same_bytes_and_no_new_version() -> None:
    workflow = publish()
    text = pack.export_pack(workflow=workflow)
    again = pack.import_pack(text=text)
    assert (again.new, pack.export_pack(workflow=workflow)) == (False, text)
    assert WorkflowVersion.objects.count() == 1


def test_importing_changed_content_makes_the_next_draft() -> None:
    publish()
    version = imported(rules=rules()[1:])
    assert (version.number, version.status) == (2, "draft")


@pytest.mark.parametrize("superuser", [False, True])
def test_the_author_cannot_publish(superuser: bool) -> None:
    author = person("author", is_superuser=superuser)
    version = imported(user=author)
    with pytest.raises(Refused, match="somebody else must publish it"):
        versions.publish(version_id=version.pk, user=author)
    assert Workflow.objects.get().published_version is None


def test_who_changed_a_draft_cannot_publish_it_either() -> None:
    author, second = person("author"), person("second")
    version = imported(user=author)
    versions.save_draft(version_id=version.pk, data=version.content, note="n", revision=1, user=second)
    with pytest.raises(Refused, match="somebody else must publish it"):
        versions.publish(version_id=version.pk, user=second)


@pytest.mark.parametrize("group", ["Workflow Specialist", "Orchestration Analyst"])
def test_publishing_needs_the_permission(group: str) -> None:
    version = imported(user=person("author"))
    with pytest.raises(Refused, match="may not publish"):
        versions.publish(version_id=version.pk, user=person("other", group))


def test_another_architect_publishes_and_the_former_version_retires() -> None:
    first = approved(imported(user=person("author")))
    architect = person("architect")
    versions.publish(version_id=first.pk, user=architect)
    second = approved(imported(user=None, rules=rules()[1:]))
    versions.publish(version_id=second.pk, user=architect)
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.status, second.status, second.published_by, second.emergency) == (
        VersionStatus.RETIRED, VersionStatus.PUBLISHED, architect, False,
    )  # fmt: skip
    assert Workflow.objects.get().published_version == second


def test_publishing_from_the_command_line_is_an_emergency_until_reviewed() -> None:
    publish()
    version = WorkflowVersion.objects.get()
    assert (version.emergency, version.reviewed_by) == (True, None)
    architect = person("architect")
    versions.mark_reviewed(version_id=version.pk, user=architect)
    version.refresh_from_db()
    assert version.reviewed_by == architect


def test_what_nobody_approved_is_published_only_in_an_emergency() -> None:
    version = imported(user=person("author"))
    for told in ("is draft; only an approved", "is submitted; only an approved"):
        with pytest.raises(Refused, match=told):
            versions.publish(version_id=version.pk, user=person(told[:8]))
        if version.status == "draft":
            version = submitted(version)
    assert versions.publish(version_id=version.pk, user=None).emergency


def test_an_emergency_is_not_reviewed_by_its_author_and_only_once() -> None:
    author, architect = person("author"), person("architect")
    version = versions.publish(version_id=imported(user=author).pk, user=None)
    with pytest.raises(Refused, match="somebody else must review"):
        versions.mark_reviewed(version_id=version.pk, user=author)
    versions.mark_reviewed(version_id=version.pk, user=architect)
    with pytest.raises(Refused, match="nothing to review"):
        versions.mark_reviewed(version_id=version.pk, user=architect)


def test_a_published_version_is_not_published_again_nor_changed() -> None:
    publish()
    version = WorkflowVersion.objects.get()
    for user in (None, person("b")):
        with pytest.raises(Refused, match="is published already"):
            versions.publish(version_id=version.pk, user=user)
    with pytest.raises(Refused, match="never changes"):
        versions.save_draft(
            version_id=version.pk, data=version.content, note="x", revision=version.revision, user=person("a")
        )


def test_a_number_is_never_used_twice() -> None:
    publish()
    workflow = Workflow.objects.get()
    gone = draft_of(workflow)
    discard(version_id=gone.pk)
    assert (gone.number, draft_of(workflow).number) == (2, 3)


def test_of_two_who_edit_one_draft_the_second_is_told() -> None:
    version, user = imported(), person("a")
    versions.save_draft(version_id=version.pk, data=version.content, note="mine", revision=1, user=user)
    with pytest.raises(Refused, match="Somebody else saved this draft"):
        versions.save_draft(version_id=version.pk, data=version.content, note="yours", revision=1, user=user)
    version.refresh_from_db()
    assert (version.note, version.revision) == ("mine", 2)


def test_a_version_whose_scenario_fails_is_not_published() -> None:
    wrong = {"title": "Wrong", "given": {"case": {"text": "a", "rude": True}}, "expect": {"outcome": "yes"}}
    version = imported(scenarios=[wrong])
    with pytest.raises(Refused, match="1 scenarios fail"):
        versions.publish(version_id=version.pk, user=None)


@pytest.mark.parametrize(
    ("changed", "pointer"),
    [
        ({"use": "test.unknown"}, "/agents/hear/use"),
        ({"rules": [{**rules()[0], "when": {"fact": "case.rud", "op": "eq", "value": True}}]}, "/rules/0/when/fact"),
    ],
)
def test_a_version_that_cannot_be_used_is_refused_with_its_place_and_leaves_nothing(
    changed: dict[str, object], pointer: str
) -> None:
    with pytest.raises(RuleError) as refused:
        imported(**changed)
    assert pointer in [problem.pointer.removeprefix("/version") for problem in refused.value.problems]
    assert Workflow.objects.count() == 0


def test_running_cases_keep_the_version_they_started_with() -> None:
    workflow, client = publish(), Client.objects.create(name="bank")
    case = cases.accept(client=client, workflow=workflow, payload={"text": "a"}).case
    refuse = [{"key": "no", "title": "No", "when": "always", "then": [{"decide": {"outcome": "no"}}]}]
    publish(rules=refuse)
    workflow.refresh_from_db()
    later = cases.accept(client=client, workflow=workflow, payload={"text": "a"}).case
    answer()
    assert [Case.objects.get(pk=row.pk).outcome for row in (case, later)] == ["yes", "no"]


def test_what_is_published_is_what_was_read() -> None:
    publish()
    workflow, architect = Workflow.objects.get(), person("b")
    version, other = approved(draft_of(workflow, budget=1)), approved(draft_of(workflow, budget=2))
    seen = sight(WorkflowVersion.objects.get(pk=version.pk))
    versions.publish(version_id=other.pk, user=architect)
    with pytest.raises(Refused, match="Another version was published since"):
        versions.publish(version_id=version.pk, user=architect, seen=seen)
    seen = sight(WorkflowVersion.objects.get(pk=version.pk))
    assert versions.publish(version_id=version.pk, user=architect, seen=seen).status == VersionStatus.PUBLISHED


def test_a_step_may_not_take_longer_than_the_queue_lets_a_task_run() -> None:
    with pytest.raises(RuleError) as refused:
        imported(timeout="5m")
    assert [problem.pointer for problem in refused.value.problems] == ["/version/agents/hear/timeout"]


def test_importing_again_leaves_the_autonomy_as_people_set_it() -> None:
    workflow = publish(autonomy="automatic")
    Workflow.objects.update(autonomy="paused")
    imported(autonomy="automatic")
    workflow.refresh_from_db()
    assert workflow.autonomy == "paused"


def test_no_transaction_of_an_import_is_open_while_plugins_are_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    depths: list[int] = []
    real = versions.frozen_step

    def noting(*given: Any) -> Any:
        depths.append(len(connection.savepoint_ids))
        return real(*given)

    monkeypatch.setattr(versions, "frozen_step", noting)
    before = len(connection.savepoint_ids)
    pack.import_pack(text=dump_yaml(document()))
    assert depths == [before]
