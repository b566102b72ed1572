"""A rule that is not finished: what can be said of it already, with dots for the rest, and what is wrong so far."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from orchestration.rules.actions import read_action
from orchestration.rules.check_actions import check_rules
from orchestration.rules.check_conditions import check_condition
from orchestration.rules.conditions import read_condition
from orchestration.rules.explain import action_text, condition_text
from orchestration.rules.findings import Check
from orchestration.rules.language import Action, Always, Rule, VersionContent
from orchestration.rules.reading import Reader

DEEPEST: Final = 60
_GAP: Final = "\ue000"  # a name that nobody gives a fact
_UNFINISHED: Final = {"fact": _GAP, "op": "is_set"}
_QUANTIFIERS: Final = ("some", "every", "none")


def unfinished_text(data: Any, content: VersionContent) -> str:
    """`When age is less than 18 and …, decide decline.`; "" where nothing can be said."""
    if not isinstance(data, Mapping):
        return ""
    condition = read_condition(Reader(), _filled(data.get("when"), 0), "")
    actions = data.get("then")
    said = [_action(action, content) for action in actions] if isinstance(actions, list) and actions else ["…"]
    then = ", then ".join(said)
    if isinstance(condition, Always):
        return _ended(f"Always {then}" if data.get("when") == "always" else f"When …, {then}")
    words = condition_text(condition, content).replace(f"{_GAP} is given", "…").replace(_GAP, "…")
    return _ended(f"When {words}{';' if ':' in words else ','} {then}")


def check_unfinished(check: Check, data: Any) -> None:
    """Note what is wrong in those parts that can be read already; pointers are within the rule."""
    if not isinstance(data, Mapping):
        return
    check_condition(check, read_condition(Reader(), _filled(data.get("when"), 0), ""), "/when")
    check.findings[:] = [one for one in check.findings if _GAP not in one.message]
    actions = data.get("then")
    for place, action in enumerate(actions if isinstance(actions, list) else ()):
        reader = Reader()
        read = read_action(reader, action, "")
        if read is not None and not reader.problems:
            _check_action(check, read, place)


def _check_action(check: Check, action: Action, place: int) -> None:
    """As the only action of a rule, in the words of the version."""
    alone = Check(check.content, check.queues, check.workflows)
    alone.content = replace(check.content, rules=(Rule("x", "x", Always(), (action,)),), tables=())
    check_rules(alone)
    found = (
        replace(one, pointer=one.pointer.replace("/rules/0/then/0", f"/then/{place}", 1)) for one in alone.findings
    )
    check.findings.extend(one for one in found if one.pointer.startswith("/then/"))


def _ended(sentence: str) -> str:
    return sentence if sentence.endswith("…") else f"{sentence}."


def _filled(data: Any, depth: int) -> Any:
    """The condition with what cannot be read yet replaced by a gap."""
    if not isinstance(data, Mapping) or depth > DEEPEST:
        return data if data == "always" else _UNFINISHED
    for word in ("all", "any"):
        if isinstance(data.get(word), list) and data[word]:
            return {word: [_filled(one, depth + 1) for one in data[word]]}
    if "not" in data:
        return {"not": _filled(data["not"], depth + 1)}
    for word in _QUANTIFIERS:
        if word in data:
            fact = data[word] if isinstance(data[word], str) and data[word] else _GAP
            return {word: fact, "where": _filled(data.get("where"), depth + 1)}
    reader = Reader()
    read_condition(reader, data, "")
    return _UNFINISHED if reader.problems else data


def _action(data: Any, content: VersionContent) -> str:
    reader = Reader()
    action = read_action(reader, data, "")
    return "…" if action is None or reader.problems else action_text(action, content)
