"""The agent that tells which practice area a call belongs to, by weighted terms with the lines they stand in."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, get_args

from pydantic import Field

from orchestration.plugin_api import Agent, AgentError, AgentResult, Health, Model, Request

from .transcript import MAX_LINES, Line, Said, WordListError, phrases_said, stems, word_list

LISTS = Path(__file__).parent
Area = Literal[
    "family", "employment", "tenancy", "traffic", "inheritance", "contract", "criminal", "tax", "immigration", "social"
]
AREAS: tuple[str, ...] = get_args(Area)
_COLUMNS = ("area", "term", "weight")
_ENOUGH = 4.0  # points of the best area that make the evidence strong


class AreaScore(Model):
    area: Area = Field(title="Practice area")
    score: float = Field(title="Points", ge=0)


class PracticeAreaAgent(Agent):
    name, version, title = "legal_intake.practice_area", "1.0", "Tells the practice area of a call"
    description = (
        "Looks for the terms of each practice area in what was said, weighs them, and names the lines they stand in. "
        "Confidence is how far the best area leads the next one, and falls where there is little to go by."
    )
    inline = True

    class Input(Model):
        transcript: list[Line] = Field(title="Lines of the call", max_length=MAX_LINES)
        stated_area: Area | Literal["unsure"] | None = Field(default=None, title="Practice area ticked on the form")

    class Config(Model):
        terms: str = Field(
            default="area_terms.csv",
            title="Word list: a file name in the plugin's folder, or an absolute path",
            max_length=400,
        )
        firm_share: float = Field(
            default=0.4, title="Share that a term counts when the firm's side says it", ge=0, le=1
        )
        denied_share: float = Field(
            default=0.25, title="Share that a term counts after a word like not or never", ge=0, le=1
        )
        stated_points: float = Field(default=2.0, title="Points for the area ticked on the form", ge=0, le=20)

    class Output(Model):
        area: Area | None = Field(default=None, title="Practice area")
        second: Area | None = Field(default=None, title="Next best practice area")
        score: float = Field(title="Points of the best area", ge=0)
        margin: float = Field(title="Lead over the next one, as a share", ge=0, le=1)
        agrees_with_form: bool | None = Field(default=None, title="Same as ticked on the form")
        scores: list[AreaScore] = Field(default_factory=list, title="Points of every area found")

    def run(self, request: Request[Any, Any]) -> AgentResult:
        """1. Count every term, less each time it comes again. 2. Add the form's tick. 3. The lead is the confidence."""
        stated, config = request.input, request.config
        weights = _weights(config.terms)
        points, found = _points(stated.transcript, weights, config)
        if stated.stated_area in AREAS:
            points[stated.stated_area] += config.stated_points
        ranked = sorted((area for area in points if points[area] > 0), key=lambda area: (-points[area], area))
        if not ranked:
            return AgentResult(self.Output(score=0, margin=0), 0.0, "Nothing in the call points to a practice area.")
        best, second = ranked[0], ranked[1] if len(ranked) > 1 else None
        lead = 1 - points[second] / points[best] if second else 1.0
        strength = 1 - math.exp(-points[best] / _ENOUGH)
        output = self.Output(
            area=best,
            second=second,
            score=round(points[best], 2),
            margin=round(lead, 3),
            agrees_with_form=best == stated.stated_area if stated.stated_area in AREAS else None,
            scores=[AreaScore(area=area, score=round(points[area], 2)) for area in ranked],
        )
        evidence = tuple(_evidence(area, said, weight) for area, said, weight in found if area in (best, second))
        return AgentResult(output, round(lead * strength, 3), _summary(best, second, lead), evidence[:40])

    def check(self, config: Any) -> Health:
        try:
            weights = _weights(config.terms)
        except AgentError as error:
            return Health(ok=False, message=error.message)
        missing = [area for area in AREAS if not any(area in shares for shares in weights.values())]
        if missing:
            return Health(ok=False, message=f"{config.terms} has no term for {', '.join(missing)}. Add some.")
        return Health(ok=True, message=f"{len(weights)} terms", details={"terms": len(weights)})


def _weights(name: str) -> Mapping[tuple[str, ...], Mapping[str, float]]:
    """The weight of each term in each area. Raises AgentError naming the row that cannot be used."""
    # Joining with an absolute path gives that path.
    path = LISTS / name
    try:
        rows = word_list(path, _COLUMNS)
    except WordListError as error:
        raise AgentError(str(error), permanent=True) from error
    return _weighed(path, rows)


@lru_cache(maxsize=8)
def _weighed(path: Path, rows: tuple[tuple[str, ...], ...]) -> Mapping[tuple[str, ...], Mapping[str, float]]:
    weights: dict[tuple[str, ...], dict[str, float]] = defaultdict(dict)
    for number, (area, term, weight) in enumerate(rows, start=2):
        try:
            value = float(weight)
        except ValueError:
            value = 0.0
        if area not in AREAS or not stems(term) or not 0 < value <= 10:
            raise AgentError(
                f"Line {number} of {path} needs one of the areas {', '.join(AREAS)}, a term, and a weight above 0 "
                "and up to 10.",
                permanent=True,
            )
        weights[stems(term)][area] = value
    return weights


def _points(
    transcript: list[Line], weights: Mapping[tuple[str, ...], Mapping[str, float]], config: Any
) -> tuple[dict[str, float], list[tuple[str, Said, float]]]:
    """Points of each area, and the terms behind them. A term's second mention counts half, its third a third."""
    points: dict[str, float] = defaultdict(float)
    found: list[tuple[str, Said, float]] = []
    mentions: dict[str, int] = defaultdict(int)
    known = {term: " ".join(term) for term in weights}
    lines = list(enumerate((line.text for line in transcript), start=1))
    for said in phrases_said(lines, known):
        mentions[said.phrase] += 1
        share = config.firm_share if transcript[said.line - 1].speaker == "firm" else 1.0
        share *= config.denied_share if said.negated else 1.0
        for area, weight in weights[tuple(said.phrase.split())].items():
            counted = round(weight * share / mentions[said.phrase], 3)
            points[area] += counted
            found.append((area, said, counted))
    return points, found


def _evidence(area: str, said: Said, weight: float) -> dict[str, Any]:
    return {"what": f"line {said.line} speaks for {area}", "value": said.phrase, "weight": weight}


def _summary(best: str, second: str | None, lead: float) -> str:
    if second is None:
        return f"Everything that was found points to {best}."
    return f"Points to {best}; {second} comes next, {lead:.0%} behind."
