"""Names as long as a pack may have them fit wherever a case keeps them; longer ones are refused when saved."""

from typing import Any

import pytest

from orchestration.models import (
    AgentEvent,
    CaseEffect,
    CaseEvent,
    Decision,
    Feedback,
    RuleHit,
    VersionEvent,
    Workflow,
    WorkItem,
)
from orchestration.rules.pack import dump_yaml
from orchestration.rules.reading import NAME_LENGTH, TITLE_LENGTH, RuleError
from orchestration.services import agent_event, feedback, pack, version, version_event, work_item
from tests import small_workflow
from tests.factories import ClientFactory, UserFactory
from tests.services.posting import post

pytestmark = pytest.mark.django_db


def document(length: int = NAME_LENGTH, title: int = TITLE_LENGTH) -> dict[str, Any]:
    """The small workflow with every name and reason of these lengths; it runs a step and opens a case of its own kind
    on the way. A text `odd` goes to a person."""
    slug, step, outcome = "s" * length, "t" * length, "o" * length
    whole = small_workflow.document(slug=slug, feedback=["f" * length])
    whole["workflow"] |= {"outcomes": [outcome, "no"]}
    whole["queues"] = [{"slug": "q" * length, "title": "People"}]
    child = {"workflow": slug, "as": "c" * length, "payload": {"text": "case.sub"}}
    whole["workflow"]["input_schema"]["properties"]["sub"] = {"type": "string"}
    whole["version"] = {
        "agents": {step: whole["version"]["agents"]["hear"]},
        "rules": [
            {"key": "r" * length, "title": "Begin", "priority": 9, "when": "always", "then": [{"run": [step]}]},
            {"key": "n" * length, "title": "Tell", "when": "always", "then": [{"notify": {"name": "m" * length}}]},
            {"key": "d" * length, "title": "Sub", "when": {"fact": "case.sub", "op": "is_set"},
             "then": [{"open_case": child}]},
        ],
        "tables": [
            {"key": "e" * length, "title": "Odd ones", "hit_policy": "first", "priority": 5,
             "inputs": [{"fact": "case.text"}], "outputs": [{"escalate": "reason", "queue": "q" * length}],
             "rows": [{"key": "w" * length, "when": ['"odd"'], "then": ["R" * title]}]},
            {"key": "a" * length, "title": "All", "hit_policy": "first",
             "inputs": [{"fact": "case.text"}], "outputs": [{"decide": "outcome"}],
             "rows": [{"key": "b" * length, "when": ["-"], "then": [outcome]}]},
        ],
    }  # fmt: skip
    return whole


def test_the_longest_names_fit_wherever_a_case_keeps_them() -> None:
    imported = pack.import_pack(text=dump_yaml(document()))
    version.publish(version_id=imported.version.pk, user=None)
    workflow = Workflow.objects.get()
    client = ClientFactory(name="k" * 120)
    decided, odd = post(workflow, client, sub="hello"), post(workflow, client, text="odd")

    assert (decided.status, decided.outcome) == ("decided", "o" * 80)
    assert Decision.objects.get(case=decided).stratum == f"{'s' * 80}/{'o' * 80}"
    assert f"{'a' * 80}/{'b' * 80}" in RuleHit.objects.values_list("rule", flat=True)
    assert set(CaseEffect.objects.filter(case=decided).values_list("name", flat=True)) == {"m" * 80, "c" * 80}
    item = WorkItem.objects.get(case=odd)
    assert (item.reason, item.rule, item.queue.slug) == ("R" * 300, f"{'e' * 80}/{'w' * 80}", "q" * 80)
    feedback.take_in(case=decided, value="f" * 80, user=UserFactory(group="Orchestration Architect"))
    assert Feedback.objects.get().value == "f" * 80


def test_a_person_with_the_longest_name_can_be_named_in_every_history(greeting: Workflow) -> None:
    person = UserFactory(username="u" * 150, first_name="f" * 150, last_name="l" * 150)
    version_event.record(greeting.versions.get(), "version.rejected", user=person)
    agent_event.record("secret.created", user=person)
    assert VersionEvent.objects.get(user=person).actor == AgentEvent.objects.get().actor == f"{'f' * 150} {'l' * 9}"
    case = post(greeting, ClientFactory(), rude=True)
    work_item.claim(work_item_id=case.work_items.get().pk, user=person)
    assert CaseEvent.objects.filter(case=case).last().actor == "u" * 150


def test_every_longer_name_is_refused_with_its_place_and_nothing_is_stored() -> None:
    with pytest.raises(RuleError) as refused:
        pack.import_pack(text=dump_yaml(document(NAME_LENGTH + 1)))
    assert sorted(problem.pointer for problem in refused.value.problems) == sorted([
        "/workflow/slug",
        "/queues/0/slug",
        "/workflow/outcomes/0",
        "/workflow/feedback/0",
        f"/version/agents/{'t' * 81}",
        *(
            f"/version/rules/{place}"
            for place in ("0/then/0/run/0", "0/key", "1/then/0/notify/name", "1/key",
                          "2/then/0/open_case/workflow", "2/then/0/open_case/as", "2/key")
        ),
        "/version/tables/0/outputs/0/queue",
        "/version/tables/0/rows/0/key",
        "/version/tables/0/key",
        "/version/tables/1/rows/0/key",
        "/version/tables/1/key",
    ])  # fmt: skip
    assert not Workflow.objects.exists()


def test_a_longer_reason_in_a_table_is_refused_with_its_place() -> None:
    with pytest.raises(RuleError) as refused:
        pack.import_pack(text=dump_yaml(document(title=TITLE_LENGTH + 1)))
    (problem,) = refused.value.problems
    assert problem.pointer == "/version/tables/0/rows/0/then/0"
    assert problem.detail.endswith("a reason has 1 to 300 characters; this one has 301.")
