"""What a text is about, by weighted wordings, and how sure that is."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from .words import plain


@dataclass(frozen=True, slots=True)
class Wording:
    kind: str
    value: str
    weight: float
    pattern: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class Reading:
    """`value` None where nothing was heard. `certainty`: see `read`. `terms`: the words it rests on."""

    value: Any
    certainty: float
    terms: tuple[str, ...]


@cache
def entries() -> tuple[Wording, ...]:
    with (Path(__file__).parent / "intents.csv").open(encoding="utf-8", newline="") as file:
        return tuple(
            Wording(row["kind"], row["value"], float(row["weight"]), _pattern(row["terms"]))
            for row in csv.DictReader(file)
        )


def read(text: str, kind: str) -> Reading:
    """The value of this kind with the most weight of different words.

    Certainty is its share of all weight heard, times 1 - 0.5 ** weight: words that point to two things lower it,
    and so does a single weak word; two values that weigh the same stay below 0.5. Nothing heard is 0.2, which no
    threshold should let pass. Words within longer ones of another value say nothing: “urgent” in “not urgent”.
    """
    said, weights, terms = plain(text), dict[str, float](), dict[str, list[str]]()
    heard = [
        (entry, match.span(), match[0])
        for entry in entries()
        if entry.kind == kind
        for match in entry.pattern.finditer(said)
    ]
    counted: set[tuple[Wording, str]] = set()
    for entry, span, term in heard:
        if (entry, term) in counted or any(
            _inside(span, longer) for other, longer, _ in heard if other.value != entry.value
        ):
            continue
        counted.add((entry, term))
        weights[entry.value] = weights.get(entry.value, 0.0) + entry.weight
        terms.setdefault(entry.value, []).append(term)
    if not weights:
        return Reading(None, 0.2, ())
    best = max(weights, key=lambda value: weights[value])
    certainty = weights[best] / sum(weights.values()) * (1 - 0.5 ** weights[best])
    return Reading(best, round(certainty, 3), tuple(terms[best]))


def _inside(span: tuple[int, int], longer: tuple[int, int]) -> bool:
    return longer[0] <= span[0] and span[1] <= longer[1] and span != longer


def _pattern(terms: str) -> re.Pattern[str]:
    longest_first = sorted(terms.split(";"), key=len, reverse=True)
    return re.compile(rf"\b(?:{'|'.join(re.escape(term) for term in longest_first)})\b")
