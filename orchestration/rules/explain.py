"""Conditions, actions and rules in plain English, for business people."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from orchestration.facts import Catalogue, FactSpec
from orchestration.rules.catalogue import catalogue_of
from orchestration.rules.language import (
    Action,
    AllOf,
    Always,
    AnyOf,
    Arithmetic,
    Compare,
    Condition,
    Decide,
    Escalate,
    Literal,
    Not,
    Notify,
    OpenCase,
    Operand,
    ParameterRef,
    Prioritise,
    Quantified,
    Rule,
    Run,
    Set,
    VersionContent,
    Wait,
)
from orchestration.rules.operators import OPERATORS
from orchestration.rules.reads import BY_THE_CLOCK, operands_of
from orchestration.rules.times import parse_period


def condition_text(condition: Condition, content: VersionContent) -> str:
    """`age is less than 18`, `any of: country is “US”; country is not given`."""
    return _Words(content, catalogue_of(content)).condition(condition)


def action_text(action: Action, content: VersionContent) -> str:
    """`decide approve`, `escalate to kyc-review because “Name differs”`."""
    return _Words(content, catalogue_of(content)).action(action)


def rule_text(rule: Rule, content: VersionContent) -> str:
    """`When age is less than 18, decide decline.`"""
    words = _Words(content, catalogue_of(content))
    then = _joined([words.action(action) for action in rule.then], ", then ", ", then ")
    if isinstance(rule.when, Always):
        return f"Always {then}."
    return f"When {words.condition(rule.when)}{';' if ':' in words.condition(rule.when) else ','} {then}."


def fact_text(path: str, content: VersionContent) -> str:
    """A fact as people call it: its title, else the words of its path."""
    return _Words(content, catalogue_of(content)).fact(path)


class _Words:
    def __init__(self, content: VersionContent, catalogue: Catalogue) -> None:
        self._content = content
        self._catalogue = catalogue

    def condition(self, condition: Condition, *, inside: bool = False) -> str:
        if isinstance(condition, Compare):
            return self._compare(condition)
        if isinstance(condition, Not):
            return self._not(condition.condition)
        if isinstance(condition, Quantified):
            below = _Words(self._content, self._catalogue.with_item(self._item(condition.fact)))
            who = _QUANTIFIERS[condition.quantifier]
            return f"for {who} {self.fact(condition.fact)}: {below._nested(condition.where)}"
        if isinstance(condition, AllOf | AnyOf):
            parts = [self._nested(part) for part in condition.conditions]
            if len(parts) == 1:
                return parts[0]
            simple = all(isinstance(part, Compare) for part in condition.conditions)
            if isinstance(condition, AllOf) and simple and not inside and len(parts) <= 3:
                return _joined(parts, ", ", " and ")
            return f"{'all' if isinstance(condition, AllOf) else 'any'} of: {'; '.join(parts)}"
        return "always"

    def action(self, action: Action) -> str:
        if isinstance(action, Run):
            return f"run {_joined(action.steps, ', ', ' and ')}"
        if isinstance(action, Set):
            return _joined([self._assignment(path, value) for path, value in action.assignments], ", ", " and ")
        if isinstance(action, Escalate):
            urgency = f", with priority {action.priority}" if action.priority else ""
            return f"escalate to {action.queue} because “{action.reason}”{urgency}"
        if isinstance(action, Decide):
            return f"decide {action.outcome}" + (f" (“{action.note}”)" if action.note else "")
        if isinstance(action, Prioritise):
            return f"give the case {action.priority} priority"
        if isinstance(action, Wait):
            return f"wait {_period(action.for_)}" if action.for_ else f"wait until {self.fact(action.until or '')}"
        if isinstance(action, OpenCase):
            waiting = " and wait for its decision" if action.wait else ""
            return f"open a case of {action.workflow} as {action.as_}{waiting}"
        return self._notify(action)

    def fact(self, path: str) -> str:
        if path == "item":
            return "it"
        spec = self._catalogue.get(path)
        source, *names = path.split(".")
        own = _lowered(spec.title) if spec and spec.title else _spoken(names[-1] if names else path)
        if source == "agents" and len(names) >= 2:
            if names[1] == "output" and spec and spec.title:
                return f"{own} ({names[0]})"
            return own if own.endswith(f" of {names[0]}") else f"{own} of {names[0]}"
        if source == "children" and len(names) >= 2:
            return f"{own} of {_spoken(names[0])}"
        if len(names) >= 2 and self._ambiguous(path, own):
            return f"{own} of {_spoken(names[-2])}"
        return own

    def _ambiguous(self, path: str, own: str) -> bool:
        source, name = path.split(".", 1)[0], path.rsplit(".", 1)[-1]
        return any(
            other != path
            and other.split(".", 1)[0] == source
            and own == (_lowered(spec.title) if spec.title else _spoken(other.rsplit(".", 1)[-1]))
            for other, spec in self._catalogue.specs.items()
            if spec.title or other.endswith(f".{name}")
        )

    def _compare(self, condition: Compare) -> str:
        operator = OPERATORS.get(condition.op)
        if operator is None:
            return f"{self.fact(condition.fact)} {condition.op} {condition.value}"
        spoken = [self._value(value, condition.op) for value in operands_of(condition)]
        if operator.takes == "list":
            spoken = [_joined(spoken, ", ", " or ")]
        words = operator.words.format(*spoken) if "{}" in operator.words else operator.words
        words = words.replace(" 1 entries", " 1 entry")
        return f"{self.fact(condition.fact)} {words}" + (
            " (upper and lower case alike)" if condition.ignore_case else ""
        )

    def _not(self, condition: Condition) -> str:
        if isinstance(condition, AnyOf):
            return f"none of: {'; '.join(self._nested(part) for part in condition.conditions)}"
        if isinstance(condition, AllOf):
            return f"not all of: {'; '.join(self._nested(part) for part in condition.conditions)}"
        if isinstance(condition, Not):
            return self.condition(condition.condition)
        if isinstance(condition, Always):
            return "never"
        if isinstance(condition, Compare) and condition.op == "eq" and _is_true(condition.value):
            return f"{self.fact(condition.fact)} is not true"
        return f"it is not so that {self.condition(condition)}"

    def _nested(self, condition: Condition) -> str:
        text = self.condition(condition, inside=True)
        return f"({text})" if ": " in text and not isinstance(condition, Compare) else text

    def _value(self, operand: Operand, op: str) -> str:
        if isinstance(operand, Literal):
            return _period(operand.value) if op in BY_THE_CLOCK else _shown(operand.value)
        if isinstance(operand, ParameterRef):
            return self._parameter(operand.name, op)
        text = self.fact(operand.path)
        if operand.times is not None:
            text = f"{_shown(operand.times)} × {text}"
        if operand.plus is not None:
            text += f" {'-' if operand.plus < 0 else '+'} {_shown(abs(operand.plus))}"
        return text

    def _parameter(self, name: str, op: str = "") -> str:
        found = next((one for one in self._content.parameters if one.name == name), None)
        if found is None:
            return _spoken(name)
        if isinstance(found.value, list | tuple):
            some = [_shown(value) for value in found.value[:5]] + (["…"] if len(found.value) > 5 else [])
            value = ", ".join(some)
        else:
            value = _period(found.value) if found.type == "duration" else _shown(found.value)
        unit = f" {found.unit}" if found.unit else ""
        return f"{_lowered(found.label) or _spoken(name)} ({value}{unit})"

    def _assignment(self, path: str, value: Operand | Arithmetic) -> str:
        if not isinstance(value, Arithmetic):
            return f"set {self.fact(path)} to {self._value(value, '')}"
        left, right = self._value(value.left, ""), self._value(value.right, "")
        return f"set {self.fact(path)} to {left} {_SIGNS[value.operator]} {right}"

    def _notify(self, action: Notify) -> str:
        return f"tell the client “{action.name}”"

    def _item(self, path: str) -> FactSpec:
        spec = self._catalogue.get(path)
        return (spec.items if spec else None) or FactSpec("item", "any")


def _is_true(value: object) -> bool:
    return isinstance(value, Literal) and value.value is True


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return f"{value:,}" if abs(value) >= 10_000 else str(value)
    if isinstance(value, float):
        return f"{value:,}" if abs(value) >= 10_000 and value.is_integer() else str(value)
    return f"“{value}”"


def _period(value: Any) -> str:
    """`30d` as `30 days`; what is no duration as it is."""
    text = str(value)
    try:
        count, unit = parse_period(text)
    except ValueError:
        if not text[:-1].isdigit() or text[-1:] not in _UNITS:
            return text
        count, unit = int(text[:-1]), text[-1]
    return f"{count} {_UNITS[unit]}{'' if count == 1 else 's'}"


def _spoken(name: str) -> str:
    return name.replace("_", " ").replace("-", " ")


def _lowered(title: str) -> str:
    """A title within a sentence: `Age` becomes `age`, `IBAN` stays."""
    return title[:1].lower() + title[1:] if title[1:2].islower() or title[1:2] == " " else title


def _joined(parts: Iterable[str], between: str, last: str) -> str:
    found = list(parts)
    return found[0] if len(found) == 1 else between.join(found[:-1]) + last + found[-1] if found else ""


_QUANTIFIERS: Final = {"some": "at least one of", "every": "every one of", "none": "none of"}
_SIGNS: Final = {"add": "+", "subtract": "-", "multiply": "×", "divide": "÷"}
_UNITS: Final = {"d": "day", "mo": "month", "y": "year", "s": "second", "m": "minute", "h": "hour"}
