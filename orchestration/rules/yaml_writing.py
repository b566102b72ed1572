"""Writes plain JSON as YAML that people like to read, always in the same way."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from orchestration.rules.yaml_reading import resolved

WIDTH: Final = 100
"""What fits on a line so long, and is not too deep, is written in { } or [ ]."""
_FLOW_DEPTH: Final = 3
_LONG_KEY: Final = 120


def dump_yaml(data: Any) -> str:
    """The document as YAML; `load_yaml` reads exactly the same from it. Mappings keep their order.

    A mapping has its entries on lines of their own, however short it is, so that one can be added below.
    """
    lines: list[str] = []
    if isinstance(data, Mapping) and data:
        _write_mapping(data, 0, "", lines)
    else:
        _write(data, 0, "", lines)
    return "\n".join(lines) + "\n"


def _write(value: Any, indent: int, lead: str, lines: list[str]) -> None:
    """`lead`: what stands on the first line already, such as `- ` or `key:`."""
    room = WIDTH - len(lead)
    flow = _flow(value, room, 0) if _collection(value) else None
    if flow is not None:
        lines.append(_beside(lead, flow))
    elif isinstance(value, Mapping):
        _write_mapping(value, indent, lead, lines)
    elif isinstance(value, list | tuple):
        _write_sequence(value, indent, lead, lines)
    elif isinstance(value, str) and _is_block(value):
        lines.append(_beside(lead, "|" if value.endswith("\n") else "|-"))
        prefix = " " * (indent if lead else 2)
        body = value[:-1] if value.endswith("\n") else value
        lines.extend(prefix + line if line else "" for line in body.split("\n"))
    else:
        lines.append(_beside(lead, _scalar(value)))


def _write_mapping(value: Mapping[str, Any], indent: int, lead: str, lines: list[str]) -> None:
    beside = lead.endswith("- ") or not lead  # the first entry goes on the line of the dash
    if not beside:
        lines.append(lead)
    for number, (key, below) in enumerate(value.items()):
        start = lead if beside and number == 0 else " " * indent
        name = _scalar(key)
        if len(name) > _LONG_KEY:
            lines.append(f"{start}? {name}")
            _write(below, indent + 2, " " * indent + ":", lines)
        else:
            _write(below, indent + 2, f"{start}{name}:", lines)


def _write_sequence(value: Sequence[Any], indent: int, lead: str, lines: list[str]) -> None:
    beside = lead.endswith("- ") or not lead
    if not beside:
        lines.append(lead)
    for number, below in enumerate(value):
        start = lead if beside and number == 0 else " " * indent
        _write(below, indent + 2, f"{start}- ", lines)


def _beside(lead: str, text: str) -> str:
    return f"{lead}{text}" if not lead or lead.endswith(" ") else f"{lead} {text}"


def _flow(value: Any, room: int, depth: int) -> str | None:
    """The value on one line; None where it does not fit or would be hard to read."""
    if not _collection(value):
        if isinstance(value, str) and _is_block(value):
            return None
        text = _scalar(value)
        return text if len(text) <= room else None
    if value and depth >= _FLOW_DEPTH:
        return None
    if isinstance(value, list | tuple) and any(map(_collection, value)) and (depth == 0 or len(value) > 1):
        return None  # one to a line reads better
    parts = []
    left = room - 2
    items = value.items() if isinstance(value, Mapping) else ((None, below) for below in value)
    for key, below in items:
        inner = _flow(below, left, depth + 1)
        if inner is None:
            return None
        text = inner if key is None else f"{_scalar(key)}: {inner}"
        left -= len(text) + 2
        if left < -2:
            return None
        parts.append(text)
    inside = ", ".join(parts)
    return f"{{{inside}}}" if isinstance(value, Mapping) else f"[{inside}]"


def _scalar(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"{value} cannot be written: it is not a finite number")
        return repr(value)
    if not isinstance(value, str):
        raise TypeError(f"{type(value).__name__} is not plain JSON")
    if _PERIOD.fullmatch(value) or (_PLAIN.fullmatch(value) and _keeps(value)):
        return value
    return _UNPRINTABLE.sub(lambda found: _escaped(found[0]), json.dumps(value, ensure_ascii=False))


def _keeps(value: str) -> bool:
    """Is the text still the same text when it is not quoted? (Nor something else to a YAML 1.1 reader.)"""
    return value[-1] != " " and value.lower() not in _LIKE_SOMETHING_ELSE and resolved(value) == value


def _escaped(character: str) -> str:
    code = ord(character)
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def _is_block(value: str) -> bool:
    """A text of several lines that can be written as they are."""
    if "\n" not in value or value.endswith("\n\n") or not value[:1].strip():
        return False
    lines = value.split("\n")
    return all(line == line.rstrip() and line.isprintable() and "\ufeff" not in line for line in lines)


def _collection(value: Any) -> bool:
    return isinstance(value, Mapping | list | tuple)


_PLAIN: Final = re.compile(r"[^\W\d_][\w ./()+%€’–—…“”„;?!*@$&=~^'-]*")
_PERIOD: Final = re.compile(r"[0-9]{1,9}(s|m|h|d|mo|y)")
_UNPRINTABLE: Final = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]")
_LIKE_SOMETHING_ELSE: Final = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})
