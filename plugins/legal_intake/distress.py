"""The agent that hears whether a caller is in distress, or somebody in danger, line by line."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from pydantic import Field
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from orchestration.plugin_api import Agent, AgentError, AgentResult, Health, Model, Request

from .transcript import MAX_LINES, Line, Said, WordListError, phrases_said, stems, word_list

LISTS = Path(__file__).parent
KINDS = ("distress", "circumstance", "danger", "harmless", "plain")
_COLUMNS = ("kind", "term", "weight")
_UNHAPPY = -0.4  # VADER's compound from which a sentence counts as unhappy
_MOST_UNHAPPY = 45.0  # points for a sentence as unhappy as can be
_SENTENCE = re.compile(r"[^.!?]+[.!?]*")


class LineFound(Model):
    line: int = Field(title="Line", ge=1)
    points: float = Field(title="Points", ge=0, le=100)
    sentiment: float = Field(title="Sentiment of the worst sentence", description="−1 to 1 (VADER)", ge=-1, le=1)
    words: list[str] = Field(default_factory=list, title="Telling words")


class DistressAgent(Agent):
    name, version, title = "legal_intake.distress", "1.0", "Hears distress and danger in a call"
    description = (
        "Looks at the caller's lines only: their sentiment (VADER, with plain legal words taken out), words of "
        "distress and sad circumstances, negated or not, and any hint of self-harm or violence."
    )
    inline = True

    class Input(Model):
        transcript: list[Line] = Field(title="Lines of the call", max_length=MAX_LINES)

    class Config(Model):
        terms: str = Field(
            default="distress_terms.csv",
            title="Word list: a file name in the plugin's folder, or an absolute path",
            max_length=400,
        )
        some_from: float = Field(default=30, title="Score from which there is some distress", ge=1, le=100)
        high_from: float = Field(default=50, title="Score from which distress is high", ge=1, le=100)

    class Output(Model):
        level: Literal["none", "some", "high"] = Field(title="Distress")
        score: float = Field(title="Distress in points", ge=0, le=100)
        danger: Literal["none", "denied", "present"] = Field(
            title="Hint of self-harm or violence", description="“denied”: spoken of, but with a no."
        )
        sensitive: bool = Field(title="Sad circumstances are spoken of")
        empathy_required: bool = Field(title="Somebody with empathy is needed")
        lines_heard: int = Field(title="Number of the caller's lines")
        lines: list[LineFound] = Field(default_factory=list, title="Telling lines, the worst first")

    def run(self, request: Request[Any, Any]) -> AgentResult:
        """1. Each line: its unhappiest sentence and its words. 2. Lines add up, but never beyond 100. 3. The level."""
        config = request.config
        weights, plain = _lists(config.terms)
        lines = [
            (number, line.text)
            for number, line in enumerate(request.input.transcript, start=1)
            if line.speaker == "caller" and line.text.strip()
        ]
        said: dict[int, list[Said]] = defaultdict(list)
        for one in phrases_said(lines, {term: " ".join(term) for term in weights}):
            # “The van hit me” keeps “hit me” from counting, and counts as nothing itself.
            if weights[tuple(one.phrase.split())][0] != "harmless":
                said[one.line].append(one)
        sentiments = {number: _worst(text, _sentiment(plain)) for number, text in lines}
        found = [_judge(number, sentiments[number], said[number], weights) for number, _ in lines]
        danger, sensitive = _danger(said, weights), _spoken(said, weights, "circumstance")
        score = _together([one.points for one in found])
        level = "high" if score >= config.high_from else "some" if score >= config.some_from else "none"
        telling = sorted((one for one in found if one.points > 0 or one.words), key=lambda one: (-one.points, one.line))
        output = self.Output(
            level=level,
            score=score,
            danger=danger,
            sensitive=sensitive,
            empathy_required=level == "high" or danger != "none" or (sensitive and level == "some"),
            lines_heard=len(lines),
            lines=telling[:20],
        )
        texts = dict(lines)
        evidence = tuple(
            {"what": f"line {one.line}: {texts[one.line]}", "value": ", ".join(one.words) or f"{one.sentiment:+.2f}",
             "weight": one.points}
            for one in output.lines
        )  # fmt: skip
        return AgentResult(output, _confidence(output, config), _summary(output), evidence)

    def check(self, config: Any) -> Health:
        if config.some_from >= config.high_from:
            return Health(ok=False, message="“Some” must begin below “high”: lower some_from or raise high_from.")
        try:
            weights, plain = _lists(config.terms)
        except AgentError as error:
            return Health(ok=False, message=error.message)
        missing = [kind for kind in KINDS[:3] if not any(one == kind for one, _ in weights.values())]
        if missing:
            return Health(ok=False, message=f"{config.terms} has no term of the kind {missing[0]}. Add some.")
        _sentiment(plain)
        return Health(ok=True, message=f"{len(weights)} terms", details={"terms": len(weights)})


@lru_cache(maxsize=8)
def _sentiment(plain: frozenset[str]) -> SentimentIntensityAnalyzer:
    """VADER without the plain words: feelings in social media, for which it was made, and mere matter in a law firm."""
    analyser = SentimentIntensityAnalyzer()
    for word in plain:
        analyser.lexicon.pop(word, None)
    analyser.emojis = {}  # nobody speaks them, and VADER takes seconds over a line of many
    return analyser


def _lists(name: str) -> tuple[Mapping[tuple[str, ...], tuple[str, float]], frozenset[str]]:
    """Kind and weight of each term, and the plain words. Raises AgentError naming the row that cannot be used."""
    path = LISTS / name
    try:
        rows = word_list(path, _COLUMNS)
    except WordListError as error:
        raise AgentError(str(error), permanent=True) from error
    return _sorted_out(path, rows)


@lru_cache(maxsize=8)
def _sorted_out(
    path: Path, rows: tuple[tuple[str, ...], ...]
) -> tuple[Mapping[tuple[str, ...], tuple[str, float]], frozenset[str]]:
    weights: dict[tuple[str, ...], tuple[str, float]] = {}
    plain: set[str] = set()
    for number, (kind, term, weight) in enumerate(rows, start=2):
        try:
            value = float(weight)
        except ValueError:
            value = -1.0
        if kind not in KINDS or not stems(term) or not 0 <= value <= 100:
            raise AgentError(
                f"Line {number} of {path} needs one of the kinds {', '.join(KINDS)}, a term, and a weight from 0 "
                "to 100.",
                permanent=True,
            )
        if kind == "plain":
            plain.add(term.lower())
        else:
            weights[stems(term)] = (kind, value)
    return weights, frozenset(plain)


def _worst(text: str, analyser: SentimentIntensityAnalyzer) -> float:
    """The sentiment of the unhappiest sentence, −1 to 1."""
    return min((float(analyser.polarity_scores(part)["compound"]) for part in _SENTENCE.findall(text)), default=0.0)


def _judge(
    number: int, sentiment: float, said: list[Said], weights: Mapping[tuple[str, ...], tuple[str, float]]
) -> LineFound:
    """Points of a line: of its words that are not denied, or of its unhappiest sentence where that is more."""
    unhappy = _MOST_UNHAPPY * max(0.0, (_UNHAPPY - sentiment) / (1 + _UNHAPPY))
    spoken = [weights[tuple(one.phrase.split())][1] for one in said if not one.negated]
    return LineFound(
        line=number,
        points=max(round(unhappy, 1), _together(spoken)),
        sentiment=round(sentiment, 3),
        words=[f"not {one.phrase}" if one.negated else one.phrase for one in said],
    )


def _together(points: list[float]) -> float:
    """Points of 0 to 100 that support each other: 50 and 50 make 75, and nothing makes more than 100."""
    left = 1.0
    for one in points:
        left *= 1 - one / 100
    return round(100 * (1 - left), 1)


def _danger(said: Mapping[int, list[Said]], weights: Mapping[tuple[str, ...], tuple[str, float]]) -> Any:
    if _spoken(said, weights, "danger"):
        return "present"
    every = (one for found in said.values() for one in found)
    return "denied" if any(weights[tuple(one.phrase.split())][0] == "danger" for one in every) else "none"


def _spoken(said: Mapping[int, list[Said]], weights: Mapping[tuple[str, ...], tuple[str, float]], kind: str) -> bool:
    every = (one for found in said.values() for one in found)
    return any(weights[tuple(one.phrase.split())][0] == kind for one in every if not one.negated)


def _confidence(output: Any, config: Any) -> float:
    """Sure far from both thresholds, unsure beside one or where the caller hardly spoke."""
    if output.danger == "present":
        return 0.95
    near = min(abs(output.score - config.some_from), abs(output.score - config.high_from))
    heard = min(1.0, output.lines_heard / 3)
    return round((0.6 + 0.35 * min(1.0, near / 15)) * heard, 3)


def _summary(output: Any) -> str:
    if output.danger == "present":
        return "Somebody may be in danger: read the lines and call back at once."
    told = {"none": "No distress to be heard", "some": "Some distress", "high": "High distress"}[output.level]
    more = "; danger is spoken of, with a no" if output.danger == "denied" else ""
    more += "; sad circumstances" if output.sensitive else ""
    return f"{told} in {output.lines_heard} lines of the caller ({output.score:g} points){more}."
