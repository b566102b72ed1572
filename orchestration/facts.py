"""What is known about a case: immutable facts with their sources, the catalogue of facts, limits on values."""

from __future__ import annotations

import difflib
import hashlib
import hmac
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

MAX_NUMBER: Final = 2**53
MAX_STRING_BYTES: Final = 60_000
MAX_DEPTH: Final = 200
SOURCES: Final = ("case", "agents", "human", "derived", "meta", "children")
PRIORITIES: Final = ("low", "normal", "high", "urgent")


class _Missing:
    """The single value that stands for a fact that is not there."""

    def __repr__(self) -> str:
        return "MISSING"

    def __bool__(self) -> bool:
        return False


MISSING: Final = _Missing()


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a document: where (RFC 6901 pointer) and what, in a sentence."""

    pointer: str
    detail: str


def check_values(document: Any, *, max_depth: int = MAX_DEPTH) -> list[Problem]:
    """Every breach of the limits on values: payloads, corrections, outputs and callbacks all pass here.

    Numbers are finite and within ±2^53, strings hold at most 60,000 bytes of UTF-8 and no lone surrogate
    (keys too), nesting ends at 200 levels unless `max_depth` says otherwise.
    """
    problems: list[Problem] = []
    stack: list[tuple[Any, tuple[str | int, ...]]] = [(document, ())]
    while stack:
        value, place = stack.pop()
        if isinstance(value, str):
            if detail := _string_fault(value):
                problems.append(Problem(_pointer(place), detail))
        elif isinstance(value, bool) or value is None:
            continue
        elif isinstance(value, int | float):
            if isinstance(value, float) and not math.isfinite(value):
                problems.append(Problem(_pointer(place), "is not a finite number"))
            elif abs(value) > MAX_NUMBER:
                problems.append(Problem(_pointer(place), "is a number beyond ±2^53"))
        elif isinstance(value, Mapping | list | tuple):
            if len(place) >= max_depth:
                problems.append(Problem(_pointer(place[:8]), f"is nested deeper than {max_depth} levels"))
                continue
            items = value.items() if isinstance(value, Mapping) else enumerate(value)
            for key, item in items:
                if isinstance(key, str) and (detail := _string_fault(key)):
                    problems.append(Problem(_pointer(place), f"has a key that {detail}"))
                    continue
                stack.append((item, (*place, key)))
        else:
            problems.append(Problem(_pointer(place), f"is a {type(value).__name__}, which JSON does not have"))
    return sorted(problems, key=lambda problem: problem.pointer)


def _string_fault(text: str) -> str:
    try:
        size = len(text) if len(text) * 4 <= MAX_STRING_BYTES and text.isascii() else len(text.encode())
    except UnicodeEncodeError:
        return "holds a lone surrogate, which is not valid Unicode"
    return f"is longer than {MAX_STRING_BYTES:,} bytes" if size > MAX_STRING_BYTES else ""


def _pointer(place: tuple[str | int, ...]) -> str:
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in place)


def canonical(document: Any) -> bytes:
    """The one JSON text of a document: sorted keys, no spaces, not escaped. Raises ValueError for what is not JSON."""
    try:
        return orjson.dumps(document, dict, orjson.OPT_SORT_KEYS)
    except TypeError as error:
        raise ValueError(str(error)) from None


def digest(document: Any, salt: bytes = b"") -> str:
    """SHA-256 (hex) of the canonical JSON; with a salt, HMAC-SHA-256, so that content cannot be guessed."""
    text = canonical(document)
    return hmac.digest(salt, text, "sha256").hex() if salt else hashlib.sha256(text).hexdigest()


@dataclass(frozen=True, slots=True)
class Facts:
    """The facts of a case as one document: `case`, `agents`, `human`, `derived`, `meta`, `children`.

    `document["case"]` is the payload with corrections already laid over it; `corrected` names the paths
    (with `case.`) that a person gave. The document is never changed after construction.
    """

    document: Mapping[str, Any]
    corrected: frozenset[str] = field(default_factory=frozenset)

    def get(self, path: str) -> Any:
        """The value at a dotted path, or MISSING; null counts as missing."""
        value: Any = self.document
        for part in path.split("."):
            if type(value) is not dict and not isinstance(value, Mapping):
                return MISSING
            value = value.get(part)
            if value is None:
                return MISSING
        return value

    def with_(self, **sources: Mapping[str, Any]) -> Facts:
        """These facts with whole sources replaced."""
        return Facts({**self.document, **sources}, self.corrected)

    def source(self, path: str) -> str:
        """Where the fact comes from: a source's name, or `correction`."""
        return "correction" if path in self.corrected else path.split(".", 1)[0]


def lay_over(payload: Mapping[str, Any], corrections: Mapping[str, Any]) -> dict[str, Any]:
    """The payload with corrections (dotted path without `case.` → value) laid over a copy of it."""
    result: dict[str, Any] = dict(payload)
    for path, value in corrections.items():
        *parents, last = path.split(".")
        target = result
        for part in parents:
            below = target.get(part)
            target[part] = dict(below) if isinstance(below, Mapping) else {}
            target = target[part]
        target[last] = value
    return result


@dataclass(frozen=True, slots=True)
class FactSpec:
    """One fact of the catalogue. `type` is number, integer, string, boolean, date, datetime, array, object
    or any (nothing is known: only `is_set` and `is_not_set` apply). `items` describes an array's element."""

    path: str
    type: str
    title: str = ""
    description: str = ""
    values: tuple[Any, ...] = ()  # the closed list of an enum
    minimum: float | None = None
    maximum: float | None = None
    items: FactSpec | None = None
    properties: Mapping[str, FactSpec] = field(default_factory=dict)

    def walk(self) -> Iterator[FactSpec]:
        """This fact and, for an object, those below it."""
        yield self
        for below in self.properties.values():
            yield from below.walk()


@dataclass(frozen=True)
class Catalogue:
    """Every fact that a version's conditions may name, by path."""

    specs: Mapping[str, FactSpec]

    @classmethod
    def build(
        cls,
        *,
        input_schema: Mapping[str, Any],
        outputs: Mapping[str, Mapping[str, Any]],
        human_fields: Mapping[str, Any],
        derived: Mapping[str, FactSpec],
        children: tuple[str, ...] = (),
    ) -> Catalogue:
        """From a version's schemas: `outputs` by agent step, `derived` by path, `children` by `as` name."""
        roots = [spec_from_schema("case", input_schema), spec_from_schema("human", human_fields)]
        specs = {spec.path: spec for root in roots for spec in root.walk() if spec.path not in SOURCES}
        for step, schema in outputs.items():
            base = f"agents.{step}"
            own = (
                FactSpec(f"{base}.status", "string", f"Status of {step}", values=("succeeded", "failed")),
                FactSpec(f"{base}.confidence", "number", f"Confidence of {step}", minimum=0, maximum=1),
                *spec_from_schema(f"{base}.output", schema).walk(),
            )
            specs.update((spec.path, spec) for spec in own)
        specs.update(derived)
        for name in children:
            paths = (f"children.{name}.status", f"children.{name}.outcome")
            specs |= {path: FactSpec(path, "string") for path in paths}
        return cls({**specs, **_META})

    def get(self, path: str) -> FactSpec | None:
        return self.specs.get(path)

    def nearest(self, path: str) -> str | None:
        """The known path that is spelt most like this one, for error messages."""
        return next(iter(difflib.get_close_matches(path, self.specs, n=1, cutoff=0.5)), None)

    def with_item(self, item: FactSpec) -> Catalogue:
        """This catalogue as seen inside a quantifier: `item` and what is below it are facts too."""
        specs = {path: spec for path, spec in self.specs.items() if path.split(".", 1)[0] != "item"}
        return Catalogue({**specs, **{spec.path: spec for spec in item.walk()}})


_META: Final = {
    "meta.now": FactSpec("meta.now", "datetime", "The moment of this round"),
    "meta.received_at": FactSpec("meta.received_at", "datetime", "When the case came in"),
    "meta.priority": FactSpec("meta.priority", "string", "Priority as posted", values=PRIORITIES),
    "meta.client": FactSpec("meta.client", "string", "The outside system that posted the case"),
    "meta.reference": FactSpec("meta.reference", "string", "The client's own reference"),
}


def spec_from_schema(path: str, schema: Mapping[str, Any], root: Mapping[str, Any] | None = None) -> FactSpec:
    """The fact that a JSON Schema (2020-12) describes; `$ref` into the same document is followed.

    What refers to itself is described a few levels deep; a schema of more than 20,000 facts only in part.
    """
    return _Specs(schema if root is None else root).spec(path, schema, 0, ())


class _Specs:
    """Turns a schema into facts, bounded in depth and number: a small schema can describe endlessly many."""

    def __init__(self, root: Mapping[str, Any]) -> None:
        self._root = root
        self._left = 20_000

    def spec(self, path: str, schema: Mapping[str, Any], depth: int, followed: tuple[str, ...]) -> FactSpec:
        schema, references = _resolve(schema, self._root)
        followed = (*followed, *references)
        endless = any(followed.count(reference) > 2 for reference in references)
        kind = _type_of(schema)
        items = properties = None
        self._left -= 1
        if self._left > 0 and depth < 120 and not endless:
            if kind == "array" and isinstance(schema.get("items"), Mapping):
                items = self.spec("item", schema["items"], depth + 1, followed)
            if kind == "object":
                properties = {
                    name: self.spec(f"{path}.{name}", below, depth + 1, followed)
                    for name, below in schema.get("properties", {}).items()
                    if name and "." not in name and isinstance(below, Mapping)
                }
        return FactSpec(
            path=path,
            type=kind,
            title=str(schema.get("title", "")),
            description=str(schema.get("description", "")),
            values=tuple(value for value in schema.get("enum", ()) if value is not None),
            minimum=schema.get("minimum"),
            maximum=schema.get("maximum"),
            items=items,
            properties=properties or {},
        )


def _resolve(schema: Mapping[str, Any], root: Mapping[str, Any]) -> tuple[Mapping[str, Any], tuple[str, ...]]:
    """The schema with `$ref` and a lone `anyOf` option beside null replaced, and the references followed."""
    references: list[str] = []
    for _ in range(20):
        reference = schema.get("$ref")
        if isinstance(reference, str) and reference.startswith("#/"):
            references.append(reference)
            target: Any = root
            for part in reference[2:].split("/"):
                target = target.get(part.replace("~1", "/").replace("~0", "~"), {}) if target else {}
            schema = {**target, **{key: value for key, value in schema.items() if key != "$ref"}}
            continue
        options = [option for option in schema.get("anyOf", ()) if option != {"type": "null"}]
        if "type" in schema or len(options) != 1:
            return schema, tuple(references)
        schema = {**options[0], **{key: value for key, value in schema.items() if key != "anyOf"}}
    return {}, tuple(references)


def _type_of(schema: Mapping[str, Any]) -> str:
    kinds = schema.get("type", ())
    kinds = [kinds] if isinstance(kinds, str) else [kind for kind in kinds if kind != "null"]
    if not kinds and schema.get("enum") and all(isinstance(value, str) for value in schema["enum"]):
        kinds = ["string"]
    if sorted(kinds) == ["integer", "number"]:
        return "number"
    if len(kinds) != 1:
        return "any"
    if kinds == ["string"]:
        return {"date": "date", "date-time": "datetime"}.get(schema.get("format", ""), "string")
    return kinds[0] if kinds[0] in ("number", "integer", "boolean", "array", "object") else "any"
