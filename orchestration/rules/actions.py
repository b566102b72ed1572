"""Actions: from plain JSON to the language's values, and back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from orchestration.facts import PRIORITIES
from orchestration.rules.conditions import read_operand, write_operand
from orchestration.rules.language import (
    Action,
    Arithmetic,
    Decide,
    Escalate,
    Notify,
    OpenCase,
    Operand,
    Prioritise,
    Run,
    Set,
    Wait,
)
from orchestration.rules.reading import NAME_LENGTH, TEXT_LENGTH, WORD, Reader, at, nearest, shown, shown_kind

MAX_ENTRIES: Final = 1_000
"""Most steps, assignments or payload fields in one action."""
OPERATIONS: Final = ("add", "subtract", "multiply", "divide")


def read_action(reader: Reader, data: Any, pointer: str) -> Action | None:
    """The action; None where it cannot be read, with the problem noted."""
    if not isinstance(data, Mapping):
        reader.fault(pointer, f"An action must be a mapping such as {{decide: …}}, not {shown_kind(data)}.")
        return None
    found = [key for key in data if key in _READERS]
    for key in data:
        if key not in _READERS:
            hint = nearest(str(key), _READERS) or f" Possible are {', '.join(_READERS)}."
            reader.fault(at(pointer, key), f"There is no action {shown(key)}.{hint}")
    if len(found) != 1:
        if found or not data:
            said = f"holds {' and '.join(found)}" if found else "is empty"
            reader.fault(pointer, f"An entry of “then” must be exactly one action; this one {said}.")
        return None
    return _READERS[found[0]](reader, data[found[0]], at(pointer, found[0]))


def write_action(action: Action) -> dict[str, Any]:
    """The action as plain JSON; what `read_action` reads."""
    if isinstance(action, Run):
        return {"run": list(action.steps)}
    if isinstance(action, Set):
        return {"set": {path: _written_value(value) for path, value in action.assignments}}
    if isinstance(action, Escalate):
        return {"escalate": _without_none(queue=action.queue, reason=action.reason, priority=action.priority)}
    if isinstance(action, Decide):
        return {"decide": _without_none(outcome=action.outcome, note=action.note)}
    if isinstance(action, Prioritise):
        return {"prioritise": action.priority}
    if isinstance(action, Wait):
        return {"wait": _without_none(**{"for": action.for_, "until": action.until})}
    if isinstance(action, OpenCase):
        found: dict[str, Any] = {"workflow": action.workflow, "as": action.as_}
        if action.payload:
            found["payload"] = dict(action.payload)
        return {"open_case": found | ({"wait": True} if action.wait else {})}
    return {"notify": {"name": action.name}}


def _run(reader: Reader, data: Any, pointer: str) -> Action:
    places = reader.sequence(data, pointer, "“run”", limit=MAX_ENTRIES, least=1)
    return Run(tuple(reader.name(one, place, "The step's name", WORD) for one, place in places))


def _set(reader: Reader, data: Any, pointer: str) -> Action:
    found = []
    for path, value, place in reader.names(data, pointer, "“set”", limit=MAX_ENTRIES):
        read_derived(reader, path, place)
        found.append((path, _assigned(reader, value, place)))
    if isinstance(data, Mapping) and not data:
        reader.fault(pointer, "“set” must name at least one derived fact.")
    return Set(tuple(found))


def read_derived(reader: Reader, value: Any, pointer: str) -> str:
    """The path of a derived fact: `derived.` and one name."""
    source, _, name = value.partition(".") if isinstance(value, str) else ("", "", "")
    if source != "derived" or not WORD.fullmatch(name):
        reader.fault(
            pointer,
            f"Only derived facts can be set, such as derived.risk (one name after the dot), not {shown(value)}.",
        )
    return str(value)


def read_outcome(reader: Reader, value: Any, pointer: str) -> str:
    return reader.text(value, pointer, "The outcome", limit=NAME_LENGTH)


def read_reason(reader: Reader, value: Any, pointer: str) -> str:
    return reader.text(value, pointer, "The reason")


def _assigned(reader: Reader, data: Any, pointer: str) -> Operand | Arithmetic:
    operation = next((key for key in OPERATIONS if isinstance(data, Mapping) and key in data), None)
    if operation is None:
        return read_operand(reader, data, pointer)
    reader.mapping(data, pointer, "The calculation", required=(operation,))
    sides = data[operation]
    place = at(pointer, operation)
    if not isinstance(sides, list | tuple) or len(sides) != 2:
        reader.fault(place, f"“{operation}” needs a list of exactly two values.")
        sides = [0, 0]
    left, right = (read_operand(reader, side, at(place, number)) for number, side in enumerate(sides))
    return Arithmetic(operation, left, right)


def _escalate(reader: Reader, data: Any, pointer: str) -> Action | None:
    found = reader.mapping(data, pointer, "“escalate”", required=("queue", "reason"), optional=("priority",))
    if found is None:
        return None
    priority = found.get("priority")
    if "priority" in found:
        priority = reader.choice(priority, at(pointer, "priority"), "The priority", PRIORITIES)
    return Escalate(
        queue=reader.name(found.get("queue", "x"), at(pointer, "queue"), "The queue"),
        reason=read_reason(reader, found.get("reason", "x"), at(pointer, "reason")),
        priority=priority,
    )


def _decide(reader: Reader, data: Any, pointer: str) -> Action | None:
    found = reader.mapping(data, pointer, "“decide”", required=("outcome",), optional=("note",))
    if found is None:
        return None
    note = None
    if "note" in found:
        note = reader.text(found["note"], at(pointer, "note"), "The note", limit=TEXT_LENGTH)
    return Decide(read_outcome(reader, found.get("outcome", "x"), at(pointer, "outcome")), note)


def _prioritise(reader: Reader, data: Any, pointer: str) -> Action:
    return Prioritise(reader.choice(data, pointer, "The priority", PRIORITIES))


def _wait(reader: Reader, data: Any, pointer: str) -> Action | None:
    found = reader.mapping(data, pointer, "“wait”", optional=("for", "until"))
    if found is None:
        return None
    if ("for" in found) == ("until" in found):
        reader.fault(pointer, "“wait” needs either “for” (such as 2d) or “until” (a date or datetime fact).")
    return Wait(
        for_=reader.text(found["for"], at(pointer, "for"), "The duration") if "for" in found else None,
        until=reader.path(found["until"], at(pointer, "until")) if "until" in found else None,
    )


def _open_case(reader: Reader, data: Any, pointer: str) -> Action | None:
    found = reader.mapping(data, pointer, "“open_case”", required=("workflow", "as"), optional=("payload", "wait"))
    if found is None:
        return None
    fields = reader.names(found.get("payload", {}), at(pointer, "payload"), "The payload", limit=MAX_ENTRIES)
    return OpenCase(
        workflow=reader.name(found.get("workflow", "x"), at(pointer, "workflow"), "The workflow"),
        as_=reader.name(found.get("as", "x"), at(pointer, "as"), "The name of the child case", WORD),
        payload=tuple((name, reader.path(path, place)) for name, path, place in fields),
        wait=reader.boolean(found.get("wait", False), at(pointer, "wait"), "“wait”"),
    )


def _notify(reader: Reader, data: Any, pointer: str) -> Action | None:
    found = reader.mapping(data, pointer, "“notify”", required=("name",))
    if found is None:
        return None
    return Notify(reader.name(found.get("name", "x"), at(pointer, "name"), "The name of the notice"))


def _written_value(value: Operand | Arithmetic) -> Any:
    if isinstance(value, Arithmetic):
        return {value.operator: [write_operand(value.left), write_operand(value.right)]}
    return write_operand(value)


def _without_none(**entries: Any) -> dict[str, Any]:
    return {key: value for key, value in entries.items() if value is not None}


_READERS: Final[Mapping[str, Callable[[Reader, Any, str], Action | None]]] = {
    "run": _run,
    "set": _set,
    "escalate": _escalate,
    "decide": _decide,
    "prioritise": _prioritise,
    "wait": _wait,
    "open_case": _open_case,
    "notify": _notify,
}
