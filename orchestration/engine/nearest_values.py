"""The values of a fact at which a comparison turns, those just beside them, and how far each is from the present."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_FLOOR, Context, Decimal
from itertools import pairwise
from typing import Any, Final

from orchestration.engine.arithmetic import compute, is_number, scaled
from orchestration.engine.truth import Scope, operands
from orchestration.facts import MAX_NUMBER, MISSING, FactSpec
from orchestration.rules.language import Compare
from orchestration.rules.reads import BY_THE_CLOCK
from orchestration.rules.times import as_day, as_moment, parse_period, shifted_day, shifted_moment

_MOST: Final = 40
"""Values of one list that are tried."""
_DIGITS: Final = 6
"""Decimals that an advised number has beyond those written in the rule."""
_WIDE: Final = Context(prec=400)
_OTHER_TEXT: Final = "another text"


@dataclass(slots=True)
class Values:
    """`points`: numbers, days or moments at which a comparison turns. `fixed`: other values worth trying."""

    points: list[Any] = field(default_factory=list)
    fixed: list[Any] = field(default_factory=list)

    def take(self, other: Values) -> None:
        self.points.extend(other.points)
        self.fixed.extend(other.fixed)

    def all(self, spec: FactSpec, before: Any, scope: Scope) -> Iterator[Any]:
        """Every value to try, those that the schema allows only."""
        zone = scope.vocabulary.zone
        if spec.type in ("number", "integer"):
            whole = spec.type == "integer"
            yield from (value for value in _numbers(self.points, before, whole) if _within(spec, value))
        elif spec.type == "date":
            for day in _spread([one for one in map(as_day, self.points) if one], timedelta(days=1)):
                yield day.isoformat()
        elif spec.type == "datetime":
            moments = [one for one in (as_moment(point, zone) for point in self.points) if one]
            for moment in _spread(moments, timedelta(seconds=1)):
                yield moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
        for value in self.fixed:
            if not spec.values or value is None or value in spec.values:
                yield value
        yield from spec.values[:_MOST]


def values_for(
    condition: Compare, scope: Scope, spec: FactSpec, *, times: float | None = None, plus: float | None = None
) -> Values:
    """Where the comparison turns. With `times` or `plus` the fact is scaled so before it is compared."""
    found = Values()
    wanted = operands(condition.value, scope)
    listed = wanted if isinstance(wanted, list) else [] if wanted in (None, MISSING) else [wanted]
    value = scope.get(condition.fact)
    if condition.op in ("is_set", "is_not_set"):
        found.fixed += [None, _sample(spec)]
    if spec.type in ("number", "integer"):
        found.points += [_unscaled(one, times, plus) for one in listed if is_number(one)]
    elif spec.type == "boolean":
        found.fixed += [True, False]
    elif spec.type in ("date", "datetime"):
        found.points += _times(condition, scope, spec, listed)
    elif spec.type == "string":
        found.fixed += _texts(condition.op, value, [one for one in listed if isinstance(one, str)])
    elif spec.type == "array":
        found.fixed += _lists(condition.op, value, listed, spec)
    return found


def distance(before: Any, after: Any) -> float:
    """How far a change is, for ranking: 0 is nothing, 1 another value altogether, more where something is not set."""
    if before is None or after is None:
        return 2.0 if before is None else 3.0
    if is_number(before) and is_number(after):
        apart, size = abs(float(after) - float(before)), max(abs(float(before)), abs(float(after)), 1.0)
        return min(apart / size, 2.0) / 2
    if isinstance(before, str) and isinstance(after, str):
        days = as_day(before[:10]), as_day(after[:10])
        if days[0] and days[1]:
            return min(abs((days[1] - days[0]).days) / 3650, 1.0)
        if after == _OTHER_TEXT:
            return 1.1
    if isinstance(before, list) and isinstance(after, list):
        same = sum(one in after for one in before)
        return 1.0 + (len(before) + len(after) - 2 * same) / 1000
    return 1.0


def _numbers(points: Iterable[Any], before: Any, whole: bool) -> Iterator[int | float]:
    exact = sorted({Decimal(repr(point)) for point in points if is_number(point)})
    present = _digits(Decimal(repr(before))) if is_number(before) else 0
    digits = 0 if whole else min(max([present, *map(_digits, exact)]), _DIGITS)
    digits = max(digits, 2) if digits else 0  # 0.79 rather than 0.7 for what is under 0.8
    step = Decimal(1).scaleb(-digits)
    found: dict[Decimal, None] = dict.fromkeys(exact)
    for point in exact:
        below = point.quantize(step, ROUND_FLOOR, _WIDE)
        found.update(dict.fromkeys((below, below + step, below - step, below + 2 * step)))
    for low, high in pairwise(exact):
        found[(low + high) / 2] = None
    for value in found:
        if whole and value != value.to_integral_value():
            continue
        number = int(value) if value == value.to_integral_value() else float(value)
        if abs(number) <= MAX_NUMBER and math.isfinite(number):
            yield number


def _digits(value: Decimal) -> int:
    exponent = value.normalize().as_tuple().exponent
    return max(-exponent, 0) if isinstance(exponent, int) else 0


def _spread(points: list[Any], step: timedelta) -> Iterator[Any]:
    """The points, those just beside them, and those between them."""
    ordered = sorted(set(points))
    for point in ordered:
        for offset in (timedelta(), step, -step):
            try:
                yield point + offset
            except OverflowError:
                continue
    for low, high in pairwise(ordered):
        yield low + (high - low) / 2


def _times(condition: Compare, scope: Scope, spec: FactSpec, listed: list[Any]) -> list[str]:
    zone = scope.vocabulary.zone
    if condition.op in BY_THE_CLOCK:
        if scope.now is None:
            return []
        sign = 1 if condition.op == "within_next" else -1
        try:
            count, unit = parse_period(listed[0] if listed else "")
        except ValueError:
            return []
        if spec.type == "date":
            today = scope.now.astimezone(zone).date()
            return [today.isoformat(), shifted_day(today, sign * count, unit).isoformat()]
        return [scope.now.isoformat(), shifted_moment(scope.now, sign * count, unit, zone).isoformat()]
    found: list[str] = []
    for one in listed:
        day, moment = as_day(one), as_moment(one, zone)
        if spec.type == "date":
            day = day or (moment.astimezone(zone).date() if moment else None)
            found += [day.isoformat()] if day else []
        elif day is not None:
            found += [_instant(day, zone), _instant(day + timedelta(days=1), zone)] if day < date.max else []
        elif moment is not None:
            found.append(moment.isoformat())
    return found


def _instant(day: date, zone: Any) -> str:
    return datetime(day.year, day.month, day.day, tzinfo=zone).isoformat()


def _texts(op: str, value: Any, wanted: list[str]) -> list[str]:
    present = value if isinstance(value, str) else ""
    found: list[str] = []
    for one in wanted[:_MOST]:
        if op == "starts_with":
            found.append(one + present)
        elif op in ("ends_with", "contains"):
            found.append(present + one)
        found.append(one)  # for a pattern too: many are plain words
    if op != "eq":
        found += [_OTHER_TEXT, ""]
    return found


def _lists(op: str, value: Any, wanted: list[Any], spec: FactSpec) -> list[Any]:
    present = list(value) if isinstance(value, list | tuple) else []
    sample = _sample(spec.items or FactSpec("item", "any"))
    if op == "contains":
        without = [one for one in present if one not in wanted]
        return [*([*present, one] for one in wanted), without, *([one] for one in wanted)]
    if op == "is_empty":
        return [[], [sample]]
    if not op.startswith("size_"):
        return []
    found: list[Any] = []
    for one in wanted:
        whole = math.floor(one) if is_number(one) and abs(one) < 1_000 else -2
        for length in range(max(whole - 1, 0), whole + 2):
            found.append([*present[:length], *([sample] * (length - len(present)))])
    return found


def _sample(spec: FactSpec) -> Any:
    """Some value of the fact's type."""
    if spec.values:
        return spec.values[0]
    if spec.type in ("number", "integer"):
        low = spec.minimum if spec.minimum is not None else 1
        return low if spec.maximum is None or low <= spec.maximum else spec.maximum
    return _SAMPLES.get(spec.type, True)


_SAMPLES: Final = {
    "string": "a text",
    "boolean": True,
    "date": "2026-01-31",
    "datetime": "2026-01-31T09:00:00Z",
    "array": [],
    "object": {},
}


def _unscaled(value: Any, times: float | None, plus: float | None) -> Any:
    """The number that, scaled, gives this value; MISSING where none does."""
    shifted = scaled(value, None, None if plus is None else -plus)
    return shifted if times is None else compute("divide", shifted, times)


def _within(spec: FactSpec, value: float) -> bool:
    low, high = spec.minimum, spec.maximum
    return (
        (low is None or value >= low) and (high is None or value <= high) and (not spec.values or value in spec.values)
    )
