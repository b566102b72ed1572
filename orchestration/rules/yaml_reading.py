"""Reads YAML as what it is for us, a way to write JSON: YAML 1.2 core schema, nothing that hides or surprises."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final, NoReturn

import yaml
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from orchestration.facts import Problem
from orchestration.rules.reading import RuleError, at

MAX_BYTES: Final = 4 * 1024 * 1024
MAX_DEPTH: Final = 320


def load_yaml(text: str) -> Any:
    """Plain JSON: dicts with text keys, lists, texts, numbers, booleans and None.

    Duplicate keys, anchors, aliases, tags, a second document, and what is too large or too deep are refused.
    Raises RuleError with the line.
    """
    if len(text) > MAX_BYTES or len(text.encode(errors="replace")) > MAX_BYTES:
        raise RuleError([Problem("", f"The text is larger than {MAX_BYTES // 1024**2} MiB.")])
    if _QUICK is not None and _PLAIN.fullmatch(text) and not _APART.search(text):
        try:
            return _Builder(yaml.parse(text, Loader=_QUICK)).document()
        except (yaml.YAMLError, RuleError):
            pass  # the slower reader says what is wrong
    try:
        return _Builder(YAML(typ="safe", pure=True).parse(text)).document()
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"Line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        said = " ".join(part for part in (error.context, error.problem) if part)
        raise RuleError([Problem("", f"{where}this is not YAML: {said}.")]) from None
    except YAMLError as error:
        raise RuleError([Problem("", f"This is not YAML: {str(error).splitlines()[0]}.")]) from None
    except (RecursionError, UnicodeError, ValueError, AssertionError, AttributeError, IndexError) as error:
        if isinstance(error, RuleError):
            raise
        raise RuleError([Problem("", "This is not YAML that can be read.")]) from None


_QUICK: Final = getattr(yaml, "CSafeLoader", None)
"""libyaml's parser, some eight times as quick. It reads YAML 1.1, which differs from 1.2 in signs and directives that
are kept from it, and in what plain scalars stand for, which is decided here. Without it all is read the slower way."""
_PLAIN: Final = re.compile("[\n\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]*")
_APART: Final = re.compile(r"^(%|---|\.\.\.| +$| *[|>])|[|>][-+0-9]*( *\n *)*#", re.MULTILINE)
"""Directives, documents, and odd block texts, which libyaml takes in another way."""
_NULL: Final = frozenset({"", "~", "null", "Null", "NULL"})
_TRUE: Final = frozenset({"true", "True", "TRUE"})
_FALSE: Final = frozenset({"false", "False", "FALSE"})
_INTEGER: Final = re.compile(r"[-+]?[0-9]+")
_OCTAL: Final = re.compile(r"0o([0-7]+)")
_HEXADECIMAL: Final = re.compile(r"0x([0-9a-fA-F]+)")
_FLOAT: Final = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_INFINITY: Final = re.compile(r"([-+]?)\.(?:inf|Inf|INF)")
_NOT_A_NUMBER: Final = frozenset({".nan", ".NaN", ".NAN"})


def resolved(text: str) -> Any:
    """What an unquoted text stands for in the core schema."""
    if text in _NULL:
        return None
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    if not (text[0].isascii() and (text[0].isdigit() or text[0] in "+-.")):
        return text
    if _INTEGER.fullmatch(text):
        return int(text) if len(text) < 400 else float(text)
    for pattern, base in ((_OCTAL, 8), (_HEXADECIMAL, 16)):
        if found := pattern.fullmatch(text):
            return int(found[1], base) if len(text) < 400 else float("inf")
    if _FLOAT.fullmatch(text):
        return float(text)
    if found := _INFINITY.fullmatch(text):
        return float(f"{found[1]}inf")
    return float("nan") if text in _NOT_A_NUMBER else text


class _Builder:
    """Builds the document from the parser's events, without recursion."""

    def __init__(self, events: Iterator[Any]) -> None:
        self._events = events
        self._root: list[Any] = []
        self._open: list[Any] = [self._root]  # the collections around the current place
        self._keys: list[Any] = [None]  # and, for a mapping, the key that waits for its value
        self._path: list[str] = [""]

    def document(self) -> Any:
        documents = 0
        for event in self._events:
            if isinstance(event, _DOCUMENT):
                documents += 1
                self._start(event, documents)
            elif isinstance(event, _ALIAS):
                self._refuse(event, "aliases (*) are not possible; write the value out")
            elif isinstance(event, _SCALAR):
                self._plain(event)
                self._add(self._scalar(event), event)
            elif isinstance(event, _START):
                self._plain(event)
                self._begin({} if isinstance(event, _MAPPING) else [], event)
            elif isinstance(event, _END):
                self._open.pop()
                self._keys.pop()
                self._path.pop()
        return self._root[0] if self._root else None

    def _start(self, event: Any, documents: int) -> None:
        if documents > 1:
            self._refuse(event, "there must be only one document (no second ---)")
        if event.version is not None and tuple(event.version) != (1, 2):
            self._refuse(event, "only YAML 1.2 is read")
        if event.tags:
            self._refuse(event, "tags are not possible")

    def _plain(self, event: Any) -> None:
        """Refuse what plain JSON does not have."""
        if event.anchor is not None:
            self._refuse(event, "anchors (&) are not possible; write the value out where it is needed")
        if getattr(event, "tag", None) is not None:
            self._refuse(event, "tags (!) are not possible")

    def _scalar(self, event: Any) -> Any:
        return resolved(event.value) if event.style in (None, "") else event.value

    def _begin(self, collection: Any, event: Any) -> None:
        if len(self._open) > MAX_DEPTH:
            self._refuse(event, f"this is nested deeper than {MAX_DEPTH} levels")
        place = self._place()
        self._add(collection, event)
        self._open.append(collection)
        self._keys.append(_NO_KEY)
        self._path.append(place)

    def _add(self, value: Any, event: Any) -> None:
        holder = self._open[-1]
        if isinstance(holder, list):
            holder.append(value)
            return
        if self._keys[-1] is not _NO_KEY:
            holder[self._keys[-1]] = value
            self._keys[-1] = _NO_KEY
            return
        if not isinstance(value, str):
            shown = event.value if isinstance(event, _SCALAR) else "a list or mapping"
            self._refuse(event, f"the name before a colon must be a text; put “{shown}” in quotes")
        if value in holder:
            self._refuse(event, f"“{value[:60]}” stands here twice")
        self._keys[-1] = value

    def _place(self) -> str:
        if len(self._open) == 1:
            return ""
        holder = self._open[-1]
        if isinstance(holder, list):
            return at(self._path[-1], len(holder))
        return self._path[-1] if self._keys[-1] is _NO_KEY else at(self._path[-1], self._keys[-1])

    def _refuse(self, event: Any, detail: str) -> NoReturn:
        line = event.start_mark.line + 1
        raise RuleError([Problem(self._place(), f"Line {line}: {detail}.")])


_NO_KEY: Final = object()
_DOCUMENT: Final = (DocumentStartEvent, yaml.DocumentStartEvent)
_ALIAS: Final = (AliasEvent, yaml.AliasEvent)
_SCALAR: Final = (ScalarEvent, yaml.ScalarEvent)
_MAPPING: Final = (MappingStartEvent, yaml.MappingStartEvent)
_START: Final = (*_MAPPING, SequenceStartEvent, yaml.SequenceStartEvent)
_END: Final = (MappingEndEvent, yaml.MappingEndEvent, SequenceEndEvent, yaml.SequenceEndEvent)
