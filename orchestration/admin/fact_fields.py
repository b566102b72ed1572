"""Fields to correct a case's facts and answer its human fields, made from the version's schemas."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from orchestration.facts import MISSING, Facts, FactSpec, lay_over
from orchestration.services.rule_set import Loaded

SCALARS: Final = ("number", "integer", "string", "boolean", "date", "datetime")
_INTEGER: Final = re.compile(r"[+-]?\d+")
_LONG: Final = 120


class Unreadable(ValueError):
    """The text is no value of the fact's type; the message says what would be."""


@dataclass(slots=True)
class FactField:
    """One field: `present` is the fact's value as text ("" when it is not set), `text` what the person has typed."""

    spec: FactSpec
    present: str
    text: str
    error: str = ""

    @property
    def name(self) -> str:
        return f"fact:{self.spec.path}"

    @property
    def id(self) -> str:
        return "fact-" + re.sub(r"[^\w-]", "-", self.spec.path)

    @property
    def label(self) -> str:
        return self.spec.title or self.spec.path.rsplit(".", 1)[-1].replace("_", " ").capitalize()

    @property
    def help(self) -> str:
        return self.spec.description

    @property
    def widget(self) -> str:
        if self.spec.type == "boolean":
            return "boolean"
        if self.spec.values:
            return "choice"
        if self.spec.type == "date":
            return "date"
        return "area" if "\n" in self.present or len(self.present) > _LONG else "text"

    @property
    def choices(self) -> list[tuple[str, str]]:
        if self.spec.type == "boolean":
            known = [("true", "Yes"), ("false", "No")]
        else:
            known = [(as_text(value), as_text(value).replace("_", " ")) for value in self.spec.values]
        if self.present and self.present not in dict(known):
            known.insert(0, (self.present, self.present))
        return known

    @property
    def changed(self) -> bool:
        return self.text != self.present

    @property
    def hint(self) -> str:
        """What may be typed, where the widget does not show it."""
        return {
            "number": "A number, with a point: 1234.50",
            "integer": "A whole number",
            "datetime": "Date and time with offset: 2026-11-22T09:30:00+01:00",
        }.get(self.spec.type, "")

    def value(self) -> Any:
        """What the typed text means. Raises Unreadable."""
        return read_value(self.spec, self.text)


@dataclass(slots=True)
class FieldGroup:
    title: str
    fields: list[FactField] = field(default_factory=list)

    @property
    def touched(self) -> bool:
        return any(one.changed or one.error for one in self.fields)


@dataclass(slots=True)
class FactFields:
    """Answers first, as they are what is asked most; then the case's own facts as the document groups them."""

    answers: FieldGroup
    groups: list[FieldGroup]

    @property
    def all(self) -> list[FactField]:
        return [*self.answers.fields, *(one for group in self.groups for one in group.fields)]

    @property
    def errors(self) -> list[FactField]:
        return [one for one in self.all if one.error]

    def corrections(self) -> dict[str, Any]:
        """Changed facts below `case.`; a text that cannot be read becomes the field's error."""
        changed = [one for group in self.groups for one in group.fields if one.changed]
        return {one.spec.path.removeprefix("case."): value for one, value in _values(changed)}

    def human(self) -> dict[str, Any]:
        """Changed answers, nested as the schema has them."""
        given = {
            one.spec.path.removeprefix("human."): value
            for one, value in _values([one for one in self.answers.fields if one.changed])
        }
        return lay_over({}, given)


def fact_fields(
    version: Loaded, *, present: Mapping[str, Any], human: Mapping[str, Any], typed: Mapping[str, str] | None = None
) -> FactFields:
    """One field for each scalar fact of the input schema and each human field; `typed` is what was posted."""
    facts = Facts({"case": present, "human": human})
    fields = FactFields(FieldGroup("Your answers"), [])
    groups: dict[str, FieldGroup] = {}
    for path, spec in version.rule_set.catalogue.specs.items():
        if spec.type not in SCALARS or not path.startswith(("case.", "human.")):
            continue
        value = facts.get(path)
        text = "" if value is MISSING else as_text(value)
        one = FactField(spec, text, text)
        if typed is not None and one.name in typed:
            one.text = typed[one.name].replace("\r\n", "\n")
        if path.startswith("human."):
            fields.answers.fields.append(one)
        else:
            key = path.split(".")[1] if path.count(".") > 1 else ""
            if key not in groups:
                parent = version.rule_set.catalogue.get(f"case.{key}") if key else None
                groups[key] = FieldGroup(
                    (parent.title if parent else "") or key.replace("_", " ").capitalize() or "General"
                )
            groups[key].fields.append(one)
    fields.groups = list(groups.values())
    return fields


def as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def read_value(spec: FactSpec, text: str) -> Any:
    """The JSON value that the text means for a fact of this type. Raises Unreadable."""
    if not text and spec.type != "string":
        raise Unreadable("Give a value: a correction can change a fact, not take it away.")
    if spec.type == "boolean":
        if text not in ("true", "false"):
            raise Unreadable("Choose yes or no.")
        return text == "true"
    if spec.type in ("number", "integer"):
        return _number(spec, text.strip())
    if spec.values and not all(isinstance(value, str) for value in spec.values):
        return next((value for value in spec.values if as_text(value) == text), text)
    return text if spec.type == "string" else text.strip()


def _number(spec: FactSpec, text: str) -> int | float:
    if _INTEGER.fullmatch(text):
        return int(text[:400])
    if spec.type == "integer":
        raise Unreadable(f"{text} is not a whole number.")
    try:
        number = float(text)
    except ValueError:
        raise Unreadable(f"{text} is not a number. Write it with a point and without spaces: 1234.50") from None
    if not abs(number) < float("inf"):
        raise Unreadable(f"{text} is not a number that can be stored.")
    return number


def _values(fields: Iterable[FactField]) -> Iterable[tuple[FactField, Any]]:
    for one in fields:
        try:
            yield one, one.value()
        except Unreadable as error:
            one.error = str(error)
