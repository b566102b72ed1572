"""The fields of one parameter: its stored values as texts, what somebody typed, and the two told apart."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from orchestration.facts import digest
from orchestration.rules.reading import NAME_LENGTH, WORD
from orchestration.rules.sections import PARAMETER_TYPES
from orchestration.rules.sheet_cells import plain, read_result, read_values
from orchestration.services.parameter import value_text

FIELDS: Final = ("label", "help", "type", "value", "minimum", "maximum", "unit")
BOUNDED: Final = ("number", "integer", "date", "duration")
TYPES: Final = {
    "number": "number",
    "integer": "whole number",
    "string": "text",
    "boolean": "yes or no",
    "date": "date",
    "duration": "duration",
    "list": "list",
}
_SEEN: Final = re.compile(r"seen:([A-Za-z][A-Za-z0-9_-]{0,99})")
_MOST: Final = 2_000
_EXAMPLES: Final = {
    "number": "a number such as 0.85",
    "integer": "a whole number such as 18",
    "boolean": "yes or no",
    "date": "a date such as 2026-01-31",
    "duration": "a duration such as 4h, 30d or 18y",
}


@dataclass(slots=True)
class ParameterForm:
    """`texts` by field; `was` is the digest of the texts as they were shown; `seen` that of the stored parameter."""

    name: str
    texts: dict[str, str]
    seen: str = ""
    was: str = ""
    new: bool = False
    errors: dict[str, str] = field(default_factory=dict)

    @property
    def title(self) -> str:
        return self.texts["label"] or self.name

    @property
    def changed(self) -> bool:
        return digest(self.texts) != self.was

    @property
    def type(self) -> str:
        return self.texts["type"]

    @property
    def bounded(self) -> bool:
        return self.type in BOUNDED

    @property
    def bounds(self) -> str:
        low, high = self.texts["minimum"], self.texts["maximum"]
        if low and high:
            return f"{low} to {high}"
        return f"at least {low}" if low else f"at most {high}" if high else ""

    def read(self) -> dict[str, Any]:
        """The parameter that the texts say; `errors` names what cannot be read."""
        texts = self.texts
        if self.new and not WORD.fullmatch(self.name):
            self.errors["name"] = (
                f"A name has up to {NAME_LENGTH} letters, digits, “-” and “_”, and starts with a letter."
            )
        if texts["type"] not in PARAMETER_TYPES:
            self.errors["type"] = "Choose a type."
            return {}
        found: dict[str, Any] = {"type": texts["type"], "value": self._value("value")}
        for name in ("minimum", "maximum"):
            if texts[name].strip():
                found[name] = self._value(name)
        return found | {name: texts[name].strip() for name in ("label", "help", "unit") if texts[name].strip()}

    def _value(self, name: str) -> Any:
        type_, text = self.texts["type"], self.texts[name]
        if type_ == "list":
            return read_values(text.replace("\n", ", "), "number")
        if type_ == "string":
            return text
        value = read_result(text, type_)
        fits = {"number": int | float, "integer": int, "boolean": bool}.get(type_, str)
        if value is None or not isinstance(value, fits) or (isinstance(value, bool) and type_ != "boolean"):
            comma = " Write the decimal point as “.”." if re.fullmatch(r"\d+,\d+", text.strip()) else ""
            self.errors[name] = f"Write {_EXAMPLES[type_]}.{comma}"
        return value


def forms_of(document: Mapping[str, Any], typed: Mapping[str, str] | None = None) -> list[ParameterForm]:
    """A form for each parameter of the document; with what somebody typed, also where it was deleted since."""
    stored: Mapping[str, Any] = document.get("parameters", {})
    forms = {name: _stored(name, one) for name, one in stored.items()}
    if typed is not None:
        names = [found[1] for key in typed if (found := _SEEN.fullmatch(key))]
        forms |= {name: _typed(name, typed, forms.get(name)) for name in names[:_MOST]}
    return [forms[name] for name in sorted(forms, key=lambda name: (forms[name].title.casefold(), name))]


def blank_form(typed: Mapping[str, str] | None = None) -> ParameterForm:
    """The form of a parameter to add."""
    texts = dict.fromkeys(FIELDS, "") | {"type": "number"}
    was = digest(texts)
    given = {name: _clean((typed or {}).get(f"new:{name}", text)) for name, text in texts.items()}
    name = _clean((typed or {}).get("new:name", "")).strip()
    form = ParameterForm(name, given, was=was, new=True)
    if name:
        form.was = ""
    return form


def _stored(name: str, parameter: Mapping[str, Any]) -> ParameterForm:
    texts = {
        key: plain(parameter.get(key, "")) if parameter.get(key) is not None else "" for key in FIELDS if key != "value"
    }
    texts["value"] = value_text(parameter)
    return ParameterForm(name, texts, digest(parameter), digest(texts))


def _typed(name: str, typed: Mapping[str, str], stored: ParameterForm | None) -> ParameterForm:
    """As typed; fields that the page did not hold are as stored."""
    before = stored.texts if stored else dict.fromkeys(FIELDS, "")
    texts = {key: _clean(typed.get(f"p:{name}:{key}", before[key])) for key in FIELDS}
    form = ParameterForm(name, texts, typed.get(f"seen:{name}", ""), typed.get(f"was:{name}", ""))
    if stored is not None and not form.changed:
        return stored
    return form


def _clean(text: str) -> str:
    """Line ends as everywhere else; lone surrogates, which no database takes, marked."""
    return text.replace("\r\n", "\n").encode(errors="replace").decode()
