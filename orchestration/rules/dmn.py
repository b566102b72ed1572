"""Reads the decision tables of a DMN file (1.1 to 1.5); what cannot be taken over is named, never dropped."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from xml.etree.ElementTree import Element

from orchestration.rules.dmn_cells import Untranslatable, translate_test, translate_value, translate_values
from orchestration.rules.dmn_names import FactNames, key_of, name_of
from orchestration.rules.dmn_xml import child, local, root_of, text_in, title_of, wrong
from orchestration.rules.sections import MAX_COLUMNS, MAX_ROWS

MAX_REMARKS: Final = 200
_POLICIES: Final = {
    "UNIQUE": "unique", "U": "unique", "ANY": "any", "A": "any", "PRIORITY": "priority", "P": "priority",
    "FIRST": "first", "F": "first", "RULE ORDER": "rule_order", "R": "rule_order", "OUTPUT ORDER": "output_order",
    "O": "output_order", "COLLECT": "collect", "C": "collect", "C+": "collect_sum", "C<": "collect_min",
    "C>": "collect_max", "C#": "collect_count",
}  # fmt: skip
_AGGREGATIONS: Final = {"SUM": "collect_sum", "MIN": "collect_min", "MAX": "collect_max", "COUNT": "collect_count"}
_TYPES: Final = {
    "string": "string", "boolean": "boolean", "integer": "integer", "long": "integer", "short": "integer",
    "number": "number", "double": "number", "float": "number", "decimal": "number", "date": "date",
    "datetime": "datetime", "date and time": "datetime",
}  # fmt: skip
_LOGIC: Final = (
    "literalExpression", "invocation", "context", "relation", "list", "functionDefinition", "conditional", "filter",
    "for", "every", "some",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Remark:
    """Something that was not taken over as it stands: where, and what became of it."""

    place: str
    text: str


@dataclass(frozen=True, slots=True)
class Imported:
    """A decision table as plain JSON, as `sections.read_table` reads it, and what to look at."""

    table: Mapping[str, Any]
    remarks: tuple[Remark, ...] = ()


def tables_from_dmn(
    content: bytes, *, facts: Mapping[str, str] | None = None, parameters: Collection[str] = ()
) -> tuple[Imported, ...]:
    """Every decision table of the file, in its order. `facts`: path → type of the facts there are.

    Raises RuleError for a file that is no DMN or holds no table.
    """
    root = root_of(content)
    decisions = [one for one in root if local(one) == "decision"]
    file = _File(root, decisions, FactNames(facts or {}), frozenset(parameters))
    tables = [(decision, table) for decision in decisions if (table := child(decision, "decisionTable")) is not None]
    if not tables:
        raise wrong("The file holds no decision table. " + " ".join(one.text for one in file.left_out()))
    found = [_Table(file, decision, table).read() for decision, table in tables]
    rest = tuple(file.left_out())
    return tuple(Imported(table, _bounded([*remarks, *rest])) for table, remarks in found)


class _File:
    """What the tables of a file share: its types, the names of its decisions, facts and parameters."""

    def __init__(self, root: Element, decisions: list[Element], facts: FactNames, parameters: frozenset[str]) -> None:
        self.root, self.decisions, self.facts, self.parameters = root, decisions, facts, parameters
        self.language = root.get("expressionLanguage", "")
        self.keys: set[str] = set()
        self._types = {one.get("name", ""): one for one in root if local(one) == "itemDefinition"}
        for decision in decisions:
            table = child(decision, "decisionTable")
            outputs = [] if table is None else [one for one in table if local(one) == "output"]
            for output in outputs:
                name = output_name(decision, output)
                facts.add(name, f"derived.{name_of(name)}")
                if len(outputs) == 1:
                    facts.add(decision.get("name", ""), f"derived.{name_of(name)}")

    def type_of(self, reference: str) -> tuple[str, str]:
        """Our type for a typeRef ("" for none), and the allowed values that come with it."""
        allowed = ""
        for _ in range(10):
            name = reference.rpartition(":")[2].strip()
            if name not in self._types or reference.startswith("feel:"):
                return _TYPES.get(name.lower(), ""), allowed
            allowed = allowed or text_in(child(self._types[name], "allowedValues"))
            base = child(self._types[name], "typeRef")
            reference = (base.text or "") if base is not None else ""
        return "", allowed

    def left_out(self) -> Iterator[Remark]:
        for decision in self.decisions:
            logic = next((local(one) for one in decision if local(one) in _LOGIC), "")
            if child(decision, "decisionTable") is None:
                what = f"is no table but a {_words(logic)}" if logic else "has no logic"
                yield Remark(f"Decision “{title_of(decision)}”", f"It {what}, and is not taken over.")
        for kind in ("businessKnowledgeModel", "decisionService"):
            for one in self.root:
                if local(one) == kind:
                    yield Remark(
                        f"{_words(kind).capitalize()} “{title_of(one)}”", "It is not taken over: only tables are."
                    )


@dataclass(slots=True)
class _Table:
    file: _File
    decision: Element
    element: Element
    remarks: list[Remark] = field(default_factory=list)

    def read(self) -> tuple[dict[str, Any], list[Remark]]:
        parts = {name: [one for one in self.element if local(one) == name] for name in ("input", "output", "rule")}
        for name, most in (("input", MAX_COLUMNS), ("output", MAX_COLUMNS), ("rule", MAX_ROWS)):
            if len(parts[name]) > most:
                count = f"{len(parts[name]):,} {name}s; at most {most:,} are read"
                raise wrong(f"Decision “{title_of(self.decision)}” has {count}.")
        if not parts["output"]:
            raise wrong(f"Decision “{title_of(self.decision)}” has a table without an output column.")
        inputs = [self._input(one, place) for place, one in enumerate(parts["input"], start=1)]
        if not inputs:
            inputs = [{"fact": "meta.priority"}]
            self._say(
                "Inputs", "The table has none; a column over meta.priority stands there, where any value will do."
            )
        outputs = [self._output(one, place) for place, one in enumerate(parts["output"], start=1)]
        table: dict[str, Any] = {
            "key": key_of(self.decision.get("id", ""), self.decision.get("name", ""), self.file.keys),
            "title": title_of(self.decision)[:300],
            "hit_policy": self._policy(),
            "inputs": inputs,
            "outputs": outputs,
            "rows": self._rows(parts["rule"], inputs, outputs, len(parts["input"])),
        }
        otherwise = [self._default(one, place) for place, one in enumerate(parts["output"], start=1)]
        if any(value is not None for value in otherwise):
            table["otherwise"] = otherwise
        return table, self.remarks

    def _policy(self) -> str:
        said = self.element.get("hitPolicy", "UNIQUE").strip().upper()
        policy = _POLICIES.get(said)
        if policy is None:
            self._say("Hit policy", f"“{said}” is not known; “unique” is taken.")
            return "unique"
        aggregation = self.element.get("aggregation", "").strip().upper()
        if policy == "collect" and aggregation and aggregation not in _AGGREGATIONS:
            self._say("Hit policy", f"The aggregation “{aggregation}” is not known; all results are collected.")
        return _AGGREGATIONS.get(aggregation, policy) if policy == "collect" else policy

    def _input(self, element: Element, place: int) -> dict[str, Any]:
        expression = child(element, "inputExpression")
        said = text_in(expression)
        label = element.get("label", "").strip() or element.get(_CAMUNDA_VARIABLE, "").strip()
        where = f"Input column {place}" + (f" “{label}”" if label else "")
        fact, known = self.file.facts.path_of(said)
        if not fact:
            fact = f"case.{name_of(label or element.get('id', '') or f'input_{place}')}"
            self._say(
                where,
                f"“{said[:200]}” is no fact but an expression. Set it as a derived fact with a rule, and choose that.",
            )
        elif not known:
            self._say(where, f"There is no fact for “{said}” here; “{fact}” is assumed. Choose the right one.")
        allowed = text_in(child(element, "inputValues"))
        if allowed:
            self._say(where, f"Its allowed values ({allowed[:200]}) are not taken over: those of the fact hold.")
        title = label[:300] if label and label != said else ""
        return {"fact": fact} | ({"title": title} if title else {})

    def _output(self, element: Element, place: int) -> dict[str, Any]:
        name = output_name(self.decision, element)
        where = f"Output column {place} “{name}”"
        variable = child(self.decision, "variable")
        reference = element.get("typeRef") or (variable.get("typeRef") if variable is not None else "") or "string"
        type_, allowed = self.file.type_of(reference)
        if not type_:
            self._say(where, f"The type “{reference}” has no counterpart; “string” is taken.")
        found: dict[str, Any] = {"set": f"derived.{name_of(name)}", "type": type_ or "string"}
        listed = text_in(child(element, "outputValues")) or allowed
        try:
            values = translate_values(listed)
        except Untranslatable as fault:
            values = []
            self._say(where, f"Its values {listed[:200]} are not taken over: {fault}.")
        return found | ({"values": list(dict.fromkeys(values))} if values else {})

    def _default(self, element: Element, place: int) -> Any:
        entry = child(element, "defaultOutputEntry")
        return None if entry is None else self._value(entry, f"Default of output column {place}")

    def _rows(self, rules: list[Element], inputs: list[Any], outputs: list[Any], given: int) -> list[dict[str, Any]]:
        types = [self.file.facts.types.get(column["fact"], "") for column in inputs]
        keys: set[str] = set()
        noted: list[str] = []
        found = []
        for number, rule in enumerate(rules, start=1):
            tests = [one for one in rule if local(one) == "inputEntry"]
            results = [one for one in rule if local(one) == "outputEntry"]
            if len(tests) != given or len(results) != len(outputs):
                said = f"It has {len(tests)} and {len(results)} entries for {given} and {len(outputs)} columns."
                self._say(f"Row {number}", f"{said} What lacks is left empty, what is too much left out.")
            when = [
                self._test(one, type_, f"Row {number}, input column {place}")
                for place, (one, type_) in enumerate(zip(tests, types, strict=False), start=1)
            ]
            then = [
                self._value(one, f"Row {number}, output column {place}") for place, one in enumerate(results, start=1)
            ]
            notes = [_note(one) for one in rule if local(one) in ("description", "annotationEntry")]
            note = "; ".join(one for one in notes if one)
            key = key_of("", note or f"row {number}", keys)
            if note and note != key:
                noted.append(f"{key}: {note}")
            when = (when + ["-"] * len(inputs))[: len(inputs)]
            found.append({"key": key, "when": when, "then": (then + [None] * len(outputs))[: len(outputs)]})
        for line in noted:
            self._say("Annotation", f"Rows have no annotations; this one became the row's key. {line[:500]}")
        return found

    def _test(self, element: Element, type_: str, where: str) -> str:
        text = text_in(element)
        try:
            return translate_test(text, type_, self.file.parameters)
        except Untranslatable as fault:
            language = self._language(element)
            self._say(where, f"“{text[:200]}” cannot be taken over{language}: {fault}. Mend it in the grid.")
            return text[:1_000]

    def _value(self, element: Element, where: str) -> Any:
        text = text_in(element)
        try:
            return translate_value(text)
        except Untranslatable as fault:
            self._say(
                where, f"“{text[:200]}” cannot be taken over{self._language(element)}: {fault}. The cell is empty."
            )
            return None

    def _language(self, element: Element) -> str:
        language = element.get("expressionLanguage", "") or self.file.language
        return f" (it is written in {language})" if language and "feel" not in language.lower() else ""

    def _say(self, place: str, text: str) -> None:
        self.remarks.append(Remark(place, text))


def output_name(decision: Element, output: Element) -> str:
    variable = child(decision, "variable")
    own = output.get("name", "").strip() or output.get("label", "").strip()
    return own or (variable.get("name", "").strip() if variable is not None else "") or title_of(decision)


def _note(element: Element) -> str:
    return " ".join((text_in(element) or element.text or "").split())


def _words(name: str) -> str:
    return re.sub(r"(?=[A-Z])", " ", name).lower()


def _bounded(remarks: list[Remark]) -> tuple[Remark, ...]:
    if len(remarks) <= MAX_REMARKS:
        return tuple(remarks)
    return (*remarks[:MAX_REMARKS], Remark("And", f"{len(remarks) - MAX_REMARKS:,} more of this kind."))


_CAMUNDA_VARIABLE: Final = "{http://camunda.org/schema/1.0/dmn}inputVariable"
