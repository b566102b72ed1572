"""The agent that scores how complex a matter is, with every factor explained."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from orchestration.plugin_api import Agent, AgentResult, Health, Model, Request

from .amounts import amounts
from .transcript import MAX_LINES, Line

Proceedings = Literal["none", "out_of_court", "pending", "judgment", "appeal"]
Factor = Literal["parties", "amount", "jurisdictions", "documents", "deadlines", "proceedings", "opponent_represented"]
_PROCEEDINGS = {"none": 0.0, "out_of_court": 0.3, "pending": 0.75, "judgment": 0.85, "appeal": 1.0}
_MOST_AMOUNT = 1e12


class Named(BaseModel):
    """A party: only counted."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    name: str = Field(title="Name", max_length=200)


class Claimed(BaseModel):
    """A claim: only counted."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    kind: str = Field(title="Kind of claim", max_length=100)


class FactorPoints(Model):
    factor: Factor = Field(title="Factor")
    stated: str = Field(title="What was stated")
    points: float = Field(title="Points", ge=0)


class ComplexityAgent(Agent):
    name, version, title = "legal_intake.complexity", "1.0", "Scores how complex a matter is"
    description = (
        "Gives points for parties, amount, foreign jurisdictions, documents, deadlines, earlier proceedings and a "
        "represented opponent. Each factor has a most it can give; the first of a kind count more than the tenth. "
        "Confidence is the share of the points whose factor was stated."
    )
    inline = True

    class Input(Model):
        opponents: list[Named] | None = Field(default=None, title="Opponents", max_length=100)
        related: list[Named] = Field(default_factory=list, title="Related parties", max_length=100)
        claims: list[Claimed] | None = Field(default=None, title="Claims with a period that runs", max_length=100)
        amount: float | None = Field(default=None, title="Amount in dispute (EUR)", ge=0, le=_MOST_AMOUNT)
        jurisdictions: list[str] | None = Field(default=None, title="Countries concerned (two letters)", max_length=50)
        documents: int | None = Field(default=None, title="Number of documents", ge=0, le=1_000_000)
        proceedings: Proceedings | None = Field(default=None, title="Earlier proceedings")
        opponent_represented: bool | None = Field(default=None, title="The opponent has a lawyer")
        transcript: list[Line] = Field(default_factory=list, title="Lines of the call", max_length=MAX_LINES)

    class Config(Model):
        home_country: str = Field(default="DE", title="The firm's own country", pattern="^[A-Z]{2}$")
        most_parties: float = Field(default=18, title="Most points for parties", ge=0, le=100)
        most_amount: float = Field(default=20, title="Most points for the amount", ge=0, le=100)
        most_jurisdictions: float = Field(default=20, title="Most points for foreign jurisdictions", ge=0, le=100)
        most_documents: float = Field(default=18, title="Most points for documents", ge=0, le=100)
        most_deadlines: float = Field(default=8, title="Most points for deadlines", ge=0, le=100)
        most_proceedings: float = Field(default=12, title="Most points for earlier proceedings", ge=0, le=100)
        represented: float = Field(default=4, title="Points for a represented opponent", ge=0, le=100)

    class Output(Model):
        score: float = Field(title="Complexity", description="0 to 100", ge=0, le=100)
        factors: list[FactorPoints] = Field(default_factory=list, title="Factors, the weightiest first")
        missing: list[Factor] = Field(default_factory=list, title="Factors that were not stated")
        amount: float | None = Field(default=None, title="Amount that was reckoned with (EUR)")
        amount_from_call: bool = Field(title="The amount was heard in the call, not stated in the form")
        foreign_jurisdictions: int = Field(title="Number of foreign jurisdictions")

    def run(self, request: Request[Any, Any]) -> AgentResult:
        """1. Take the amount from the call where the form has none. 2. Points by factor. 3. Their share of the most."""
        stated, config = request.input, request.config
        heard = _largest(stated.transcript) if stated.amount is None else None
        amount = heard[1] if heard else stated.amount
        shares = {factor: (said, share) for factor, said, share in _shares(stated, amount, config.home_country)}
        most = _most(config)
        factors = [
            FactorPoints(factor=factor, stated=said, points=round(share * most[factor], 1))  # type: ignore[arg-type]
            for factor, (said, share) in shares.items()
        ]
        factors.sort(key=lambda one: (-one.points, one.factor))
        total = sum(most.values())
        score = 100 * sum(share * most[factor] for factor, (_, share) in shares.items()) / total if total else 0.0
        known = sum(most[factor] for factor in shares) / total if total else 0.0
        output = self.Output(
            score=round(score, 1),
            factors=factors,
            missing=[factor for factor in most if factor not in shares],
            amount=amount,
            amount_from_call=heard is not None,
            foreign_jurisdictions=len(_foreign(stated.jurisdictions or [], config.home_country)),
        )
        evidence = [
            {"what": one.factor.replace("_", " "), "value": one.stated, "weight": one.points} for one in factors
        ]
        if heard:
            evidence.append({"what": f"line {heard[0]}: amount heard in the call", "value": heard[1]})
        return AgentResult(output, round(known, 3), _summary(output), tuple(evidence))

    def check(self, config: Any) -> Health:
        most = _most(config)
        if not sum(most.values()):
            return Health(ok=False, message="Every factor gives 0 points. Give at least one of them some.")
        heaviest = max(most, key=lambda factor: most[factor])
        return Health(ok=True, message=f"{heaviest.replace('_', ' ')} can give most", details=dict(most))


def _shares(stated: Any, amount: float | None, home: str) -> Iterator[tuple[str, str, float]]:
    """For each factor that was stated: its name, what was stated, and which share of its points it gives."""
    if stated.opponents is not None:
        parties = 1 + len(stated.opponents) + len(stated.related)
        yield "parties", f"{parties}", _growing(parties - 2, 5)
    if amount is not None:
        yield "amount", f"EUR {amount:,.0f}", min(1.0, max(0.0, math.log10(max(amount, 1) / 1_000) / 3))
    if stated.jurisdictions is not None:
        foreign = _foreign(stated.jurisdictions, home)
        yield "jurisdictions", ", ".join(foreign) or "none abroad", _growing(len(foreign), 1)
    if stated.documents is not None:
        yield "documents", f"{stated.documents}", _growing(stated.documents - 2, 25)
    if stated.claims is not None:
        yield "deadlines", f"{len(stated.claims)}", _growing(len(stated.claims), 2)
    if stated.proceedings is not None:
        yield "proceedings", stated.proceedings.replace("_", " "), _PROCEEDINGS[stated.proceedings]
    if stated.opponent_represented is not None:
        yield "opponent_represented", "yes" if stated.opponent_represented else "no", float(stated.opponent_represented)


def _growing(count: int, half_way: float) -> float:
    """0 for nothing, one half at `half_way`, never quite 1: the first ones count more than the later ones."""
    return max(0, count) / (max(0, count) + half_way)


def _most(config: Any) -> dict[str, float]:
    return {
        "parties": config.most_parties,
        "amount": config.most_amount,
        "jurisdictions": config.most_jurisdictions,
        "documents": config.most_documents,
        "deadlines": config.most_deadlines,
        "proceedings": config.most_proceedings,
        "opponent_represented": config.represented,
    }


def _foreign(codes: list[str], home: str) -> list[str]:
    return sorted({code.strip().upper() for code in codes} - {home, ""})


def _largest(transcript: list[Line]) -> tuple[int, float] | None:
    """The largest amount the caller names, and its line."""
    heard = [
        (number, amount)
        for number, line in enumerate(transcript, start=1)
        if line.speaker == "caller"
        for amount in amounts(line.text)
        if amount <= _MOST_AMOUNT
    ]
    return max(heard, key=lambda one: (one[1], -one[0]), default=None)


def _summary(output: Any) -> str:
    weighty = [one.factor.replace("_", " ") for one in output.factors if one.points >= 3][:3]
    why = f", mostly for {', '.join(weighty)}" if weighty else ""
    missing = f" Not stated: {', '.join(name.replace('_', ' ') for name in output.missing)}." if output.missing else ""
    return f"Complexity {output.score:g} of 100{why}.{missing}"
