"""How a rule's condition and actions change, one condition and one action at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher

from orchestration.rules.actions import write_action
from orchestration.rules.conditions import write_condition
from orchestration.rules.difference_words import arrow, text_of
from orchestration.rules.explain import action_text, condition_text
from orchestration.rules.language import (
    Action,
    AllOf,
    Always,
    AnyOf,
    Compare,
    Condition,
    Not,
    Quantified,
    VersionContent,
)


def condition_changes(old: Condition, new: Condition, before: VersionContent, after: VersionContent) -> list[str]:
    """Sentences for what is asked now and was not, and the other way round; empty where both are the same."""
    if _written(old) == _written(new):
        return []
    return _Comparison(before, after).of(old, new, "")


def action_changes(
    old: Sequence[Action], new: Sequence[Action], before: VersionContent, after: VersionContent
) -> list[str]:
    left, right = [text_of(write_action(one)) for one in old], [text_of(write_action(one)) for one in new]
    if left == right:
        return []
    if sorted(left) == sorted(right):
        return ["The actions stand in another order."]
    found = []
    for tag, a, b, c, d in SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
        if tag == "equal":
            continue
        for number in range(max(b - a, d - c)):
            was = old[a + number] if a + number < b else None
            now = new[c + number] if c + number < d else None
            if was is None and now is not None:
                found.append(f"New action: {action_text(now, after)}")
            elif now is None and was is not None:
                found.append(f"Action dropped: {action_text(was, before)}")
            elif was is not None and now is not None:
                words = (action_text(was, before), action_text(now, after))
                found.append(arrow("Action changed", write_action(was), write_action(now), words=words))
    return found


class _Comparison:
    def __init__(self, before: VersionContent, after: VersionContent) -> None:
        self._before = before
        self._after = after

    def of(self, old: Condition, new: Condition, where: str) -> list[str]:
        if isinstance(old, Always) or isinstance(new, Always):
            return [self._changed(old, new, where)]
        left, right = _parts_of(old), _parts_of(new)
        if isinstance(old, AllOf | AnyOf) and type(old) is type(new):
            return self._parts(left, right, where) or [f"The conditions{where} stand in another order."]
        if isinstance(old, AllOf | AnyOf) and isinstance(new, AllOf | AnyOf):
            all_first = isinstance(old, AllOf)
            how = "all were needed, now one is enough" if all_first else "one was enough, now all are needed"
            return [f"Conditions{where}: {how}", *self._parts(left, right, where)]
        if isinstance(old, AllOf) or isinstance(new, AllOf):  # one condition and a group: the group has it or not
            found = self._parts(left, right, where)
            return found or [arrow(f"Condition{where} changed", write_condition(old), write_condition(new))]
        return [self._changed(old, new, where)]

    def _parts(self, old: Sequence[Condition], new: Sequence[Condition], where: str) -> list[str]:
        gone, come = _without(old, new), _without(new, old)
        found = []
        for was in gone:
            now = next((one for one in come if _about_the_same(was, one)), None)
            if now is None:
                found.append(f"Condition dropped{where}: {condition_text(was, self._before)}")
                continue
            come.remove(now)
            if isinstance(was, AllOf | AnyOf):
                found += self.of(was, now, f" within “{'all' if isinstance(was, AllOf) else 'any'} of”")
            else:
                found.append(self._changed(was, now, where))
        return found + [f"New condition{where}: {condition_text(one, self._after)}" for one in come]

    def _changed(self, old: Condition, new: Condition, where: str) -> str:
        if isinstance(old, Always):
            return f"New condition{where}, where it always held: {condition_text(new, self._after)}"
        if isinstance(new, Always):
            return f"Condition dropped{where}, so that it always holds: {condition_text(old, self._before)}"
        words = (condition_text(old, self._before), condition_text(new, self._after))
        return arrow(f"Condition{where} changed", write_condition(old), write_condition(new), words=words)


def _parts_of(condition: Condition) -> tuple[Condition, ...]:
    if isinstance(condition, AllOf | AnyOf):
        return condition.conditions
    return (condition,)


def _without(these: Iterable[Condition], those: Iterable[Condition]) -> list[Condition]:
    """These without those, each as often as it occurs there."""
    taken = Counter(_written(one) for one in those)
    left = []
    for one in these:
        if taken[_written(one)]:
            taken[_written(one)] -= 1
        else:
            left.append(one)
    return left


def _about_the_same(old: Condition, new: Condition) -> bool:
    if type(old) is not type(new):
        return False
    if isinstance(old, Compare | Quantified) and isinstance(new, Compare | Quantified):
        return old.fact == new.fact
    if isinstance(old, Not) and isinstance(new, Not):
        return _about_the_same(old.condition, new.condition)
    return True


def _written(condition: Condition) -> str:
    return text_of(write_condition(condition))
