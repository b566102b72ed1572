"""Two versions side by side: what differs, in words on either side, with the rows that differ marked."""

from typing import Any

import pytest

from orchestration.models import Workflow
from orchestration.services.comparison import compared
from tests.small_workflow import rules
from tests.submitting import draft_of

pytestmark = pytest.mark.django_db


def table(*rows: tuple[str, str, str], **changed: Any) -> dict[str, Any]:
    return {
        "key": "mood", "title": "How kind is it", "hit_policy": "first",
        "inputs": [{"fact": "case.rude", "title": "Rude"}],
        "outputs": [{"set": "derived.mood", "type": "string", "values": ["bad", "good"]}],
        "rows": [{"key": key, "when": [when], "then": [then]} for key, when, then in rows], **changed,
    }  # fmt: skip


def test_the_older_version_stands_on_the_left_whichever_was_named_first(greeting: Workflow) -> None:
    one, two = greeting.published_version, draft_of(greeting, budget=1)
    for found in (compared(one, two), compared(two, one)):
        assert (found.before, found.after) == (one, two)
        assert [(title, [pair.change.key for pair in pairs]) for title, pairs in found.groups] == [
            ("Settings", ["settings"])
        ]
        assert found.unchanged == 4


def test_rules_come_with_how_they_read_on_either_side(greeting: Workflow) -> None:
    first, *rest = rules()
    new = {**first, "key": "new", "title": "New"}
    found = compared(
        greeting.published_version, draft_of(greeting, rules=[{**rest[0], "priority": 11}, *rest[1:], new])
    )
    ((_, pairs),) = found.groups
    sides = {
        pair.change.key: (pair.before and pair.before.priority, pair.after and pair.after.priority) for pair in pairs
    }
    assert sides == {"hear": (10, 11), "new": (None, 20), "rude": (20, None)}


def test_feedback_that_may_be_told_has_a_section_of_its_own(greeting: Workflow) -> None:
    found = compared(greeting.published_version, draft_of(greeting, feedback=["kept", "late"]))
    assert [(title, pair.change.sentences) for title, pairs in found.groups for pair in pairs] == [
        ("Feedback", ("New feedback value: late", "Feedback value dropped: broken"))
    ]


def test_another_title_needs_no_two_sides(greeting: Workflow) -> None:
    first, *rest = rules()
    found = compared(greeting.published_version, draft_of(greeting, rules=[{**first, "title": "Rude"}, *rest]))
    ((_, (pair,)),) = found.groups
    assert (pair.before, pair.after, pair.change.sentences) == (
        None, None, ("Title: Rude texts go to a person → Rude",),
    )  # fmt: skip


def test_of_tables_the_rows_that_differ_are_marked(greeting: Workflow) -> None:
    one = draft_of(greeting, tables=[table(("a", "true", "bad"), ("b", "false", "good"), ("c", "-", "good"))])
    two = draft_of(greeting, tables=[table(("a", "true", "bad"), ("b", "false", "bad"), ("d", "-", "good"))])
    ((_, (pair,)),) = compared(one, two).groups
    assert pair.marked == {"b", "c", "d"}


def test_a_version_that_cannot_be_read_is_named(greeting: Workflow) -> None:
    draft = draft_of(greeting)
    draft.content = {"outcomes": []}
    found = compared(greeting.published_version, draft)
    assert (found.groups, bool(found.unreadable)) == ((), True)
