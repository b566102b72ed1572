"""A value of each class into which comparisons cut the values of a fact."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any, Final
from zoneinfo import ZoneInfo

from orchestration.facts import MAX_NUMBER, FactSpec
from orchestration.rules.times import as_day, as_moment


def samples_of(spec: FactSpec, points: Sequence[Any], zone: ZoneInfo) -> Iterator[Any]:
    """A value of each class: all values of a closed list; each point, and one between, below and above."""
    if spec.values:
        yield from spec.values
    elif spec.type == "boolean":
        yield from (True, False)
    elif spec.type in ("number", "integer"):
        numbers = {point for point in points if _is_finite(point)}
        bounds = {bound for bound in (spec.minimum, spec.maximum) if bound is not None}
        edges = {float(value) for value in numbers | bounds}
        if any(abs(value) >= MAX_NUMBER for value in edges):  # beside those a float has no neighbour at 1
            edges |= {0.0, float(MAX_NUMBER), -float(MAX_NUMBER)}
        if spec.type == "integer":
            edges = {float(whole) for value in edges for whole in (math.floor(value), math.ceil(value))}
        low, high = spec.minimum, spec.maximum
        for value in (*sorted(numbers), *_around(sorted(edges) or [0.0], 1, _middle), *_beside(edges)):
            number = int(value) if float(value).is_integer() else value
            if (low is None or value >= low) and (high is None or value <= high):
                yield from (number,) if spec.type == "number" or isinstance(number, int) else ()
    elif spec.type == "date":
        days = sorted({day for day in map(as_day, points) if day})
        moments = sorted({m.astimezone(zone).date() for m in (as_moment(p, zone) for p in points) if m})
        for day in _around(sorted({*days, *moments}) or [date(2026, 1, 31)], timedelta(days=1), _middle):
            yield day.isoformat()
    elif spec.type == "datetime":
        found = {moment for moment in (as_moment(point, zone) for point in points) if moment}
        for day in filter(None, map(as_day, points)):
            for one in (day, day + timedelta(days=1)) if day < date.max else (day,):
                found.add(datetime(one.year, one.month, one.day, tzinfo=zone).astimezone(UTC))
        for moment in _around(sorted(found) or [datetime(2026, 1, 31, tzinfo=UTC)], timedelta(seconds=1), _middle):
            yield moment.isoformat()
    elif spec.type == "string":
        texts = [point for point in points if isinstance(point, str)]
        yield from texts
        yield "".join(("another", *texts[:1]))
        yield "\ufffdnothing that is named"
    else:
        yield _ANY.get(spec.type, True)


def _is_finite(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _around(points: Sequence[Any], step: Any, between: Callable[[Any, Any], Any]) -> Iterator[Any]:
    yield from points
    for low, high in pairwise(points):
        yield between(low, high)
    for edge, away in ((points[0], -1), (points[-1], 1)):
        try:
            yield edge + away * step
        except OverflowError:
            continue


def _beside(edges: Iterable[float]) -> Iterator[float]:
    """The whole numbers next to whole ones: between 17 and 20 there is 18."""
    yield from (edge + away for edge in sorted(edges) if edge.is_integer() for away in (1, -1))


def _middle(low: Any, high: Any) -> Any:
    return (low + high) / 2 if isinstance(low, int | float) else low + (high - low) / 2


_ANY: Final = {"array": [True], "object": {"some": True}}
