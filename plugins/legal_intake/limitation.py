"""The agent that reckons until when each claim of a call can be pursued, and how many days are left."""

from __future__ import annotations

from datetime import date
from typing import Any

from pydantic import Field

from orchestration.plugin_api import Agent, AgentResult, Health, Model, Request

from .periods import KNOWLEDGE_COUNTS, Claim, Kind, State, last_day, next_working_day
from .transcript import MAX_LINES, Line, phrases_said, stems

_EARLIEST, _LATEST = date(1900, 1, 1), date(2100, 12, 31)

# What a caller says when a short period may be running, and which.
_TELLING: dict[str, Kind] = {
    "notice of dismissal": "dismissal",
    "dismissed me": "dismissal",
    "been dismissed": "dismissal",
    "was dismissed": "dismissal",
    "was fired": "dismissal",
    "fired me": "dismissal",
    "penalty notice": "fine_notice",
    "fine notice": "fine_notice",
    "penal order": "penal_order",
    "tax assessment": "objection",
    "rejection notice": "objection",
    "refusal notice": "objection",
    "notice from the jobcentre": "objection",
    "asylum": "asylum_decision",
    "deport": "asylum_decision",
    "deportation": "asylum_decision",
    "deported": "asylum_decision",
    "arrested": "arrest",
    "custody hearing": "arrest",
    "renounce the inheritance": "renounce_inheritance",
    "handed back the keys": "landlord_damage",
    "gave back the keys": "landlord_damage",
}
_KNOWN_PHRASES = {stems(phrase): phrase for phrase in _TELLING}
_SAME_CLOCK = {"landlord_damage": ("landlord_damage", "tenant_expenses", "regular", "set_by_authority")}


class StatedClaim(Model):
    kind: Kind = Field(title="Kind of claim")
    happened: date | None = Field(
        default=None,
        title="Day it arose",
        description="Or the day that starts the period: delivery, keys given back, letter received.",
        ge=_EARLIEST,
        le=_LATEST,
    )
    known: date | None = Field(default=None, title="Day the caller learnt of it", ge=_EARLIEST, le=_LATEST)
    acted: date | None = Field(default=None, title="Day of the act behind the damage", ge=_EARLIEST, le=_LATEST)


class Deadline(Model):
    kind: Kind = Field(title="Kind of claim")
    last_day: date = Field(title="Last day")
    days_left: int = Field(title="Days left (below 0: over since)")
    statute: str = Field(title="Statute")
    moved: bool = Field(title="Moved on by a weekend or holiday")


class LimitationAgent(Agent):
    name, version, title = "legal_intake.limitation", "1.0", "Reckons limitation dates"
    description = (
        "Reckons the last day for each claim by German law, with weekends and the holidays of the federal state, and "
        "names the statute. A sample for intake, no legal advice: suspension and a new start are not looked at. "
        "Notices when the caller speaks of something with a short period whose date nobody has written down."
    )
    inline = True

    class Input(Model):
        call_date: date = Field(title="Day of the call", ge=_EARLIEST, le=_LATEST)
        claims: list[StatedClaim] = Field(default_factory=list, title="Claims and their days", max_length=20)
        state: State | None = Field(default=None, title="Federal state where it is to be done")
        transcript: list[Line] = Field(default_factory=list, title="Lines of the call", max_length=MAX_LINES)

    class Config(Model):
        home_state: State | None = Field(
            default=None,
            title="Federal state where the call names none",
            description="Left empty, only holidays of all Germany move a day on, which is the cautious way.",
        )

    class Output(Model):
        running: bool = Field(title="A period is running")
        days_left: int | None = Field(default=None, title="Days left to the next last day")
        next_last_day: date | None = Field(default=None, title="Next last day")
        next_kind: Kind | None = Field(default=None, title="Kind of claim it belongs to")
        all_expired: bool = Field(title="Every claim is time-barred")
        some_expired: bool = Field(title="At least one claim is time-barred")
        expired_since: int | None = Field(default=None, title="Days since the last of them ran out")
        undated: list[Kind] = Field(default_factory=list, title="Claims without a usable date")
        unstated: list[Kind] = Field(default_factory=list, title="Periods the caller speaks of, without a date")
        deadlines: list[Deadline] = Field(default_factory=list, title="All last days, the next first")

    def run(self, request: Request[Any, Any]) -> AgentResult:
        """1. Reckon each dated claim. 2. Note what has no usable date. 3. Listen for periods nobody wrote down."""
        stated, today = request.input, request.input.call_date
        state = stated.state or request.config.home_state
        found: list[tuple[Deadline, tuple[str, ...]]] = []
        undated: list[Kind] = []
        for claim in stated.claims:
            if not _usable(claim, today):
                undated.append(claim.kind)
                continue
            reckoned = last_day(Claim(claim.kind, claim.happened, claim.known, claim.acted), state)
            deadline = Deadline(
                kind=claim.kind,
                last_day=reckoned.last,
                days_left=(reckoned.last - today).days,
                statute=reckoned.statute,
                moved=reckoned.last != reckoned.computed,
            )
            found.append((deadline, reckoned.steps))
        found.sort(key=lambda one: (one[0].last_day, one[0].kind))
        unstated = _unstated(stated.transcript, {claim.kind for claim in stated.claims})
        output = self._output([deadline for deadline, _ in found], undated, list(unstated))
        confidence = 1.0
        if any(claim.known is None and claim.kind in KNOWLEDGE_COUNTS for claim in stated.claims):
            confidence *= 0.9
        if found and state is None:
            confidence *= 0.95
        confidence *= (0.3 if undated else 1.0) * (0.4 if unstated else 1.0)
        evidence = [_evidence(deadline, steps) for deadline, steps in found]
        evidence += [
            {"what": f"line {line}: a period for {kind} may run", "value": phrase}
            for kind, (line, phrase) in unstated.items()
        ]
        return AgentResult(output, round(confidence, 3), _summary(output), tuple(evidence))

    def check(self, config: Any) -> Health:
        """The holidays are what an outdated library would get wrong: Unity Day and Whit Monday must be known."""
        days = (date(2025, 10, 3), date(2026, 5, 25))
        if any(next_working_day(day, config.home_state) == day for day in days):
            return Health(ok=False, message="The library `holidays` lacks German holidays. Install the pinned version.")
        return Health(ok=True, message=f"Holidays of {config.home_state or 'all Germany'} are known")

    def _output(self, deadlines: list[Deadline], undated: list[Kind], unstated: list[Kind]) -> Output:
        running = [one for one in deadlines if one.days_left >= 0]
        expired = [one for one in deadlines if one.days_left < 0]
        every = bool(expired) and not running and not undated
        following = running[0] if running else None
        return self.Output(
            running=following is not None,
            days_left=following.days_left if following else None,
            next_last_day=following.last_day if following else None,
            next_kind=following.kind if following else None,
            all_expired=every,
            some_expired=bool(expired),
            expired_since=-max(one.days_left for one in expired) if every else None,
            undated=undated,
            unstated=unstated,
            deadlines=deadlines,
        )


def _usable(claim: StatedClaim, today: date) -> bool:
    """Its days lie not after the call, which only one that an authority has set may do."""
    if claim.happened is None or claim.kind == "set_by_authority":
        return claim.happened is not None
    return all(day is None or day <= today for day in (claim.happened, claim.known, claim.acted))


def _unstated(transcript: list[Line], stated: set[str]) -> dict[Kind, tuple[int, str]]:
    """Short periods the caller speaks of that no stated claim covers, with the line and the words."""
    lines = [(number, line.text) for number, line in enumerate(transcript, start=1) if line.speaker == "caller"]
    heard: dict[Kind, tuple[int, str]] = {}
    for said in phrases_said(lines, _KNOWN_PHRASES):
        kind = _TELLING[said.phrase]
        if not said.negated and stated.isdisjoint(_SAME_CLOCK.get(kind, (kind, "set_by_authority"))):
            heard.setdefault(kind, (said.line, said.phrase))
    return heard


def _evidence(deadline: Deadline, steps: tuple[str, ...]) -> dict[str, Any]:
    return {
        "what": f"{deadline.kind.replace('_', ' ')}: {'; '.join(steps)}",
        "value": deadline.last_day.isoformat(),
        "statute": deadline.statute,
        "days_left": deadline.days_left,
    }


def _summary(output: Any) -> str:
    said = []
    if output.days_left is not None:
        kind, last = output.next_kind.replace("_", " "), output.next_last_day
        said.append(f"The next last day is {last} ({kind}), {output.days_left} days away")
    if output.all_expired:
        said.append(f"Every claim is time-barred, the last one since {output.expired_since} days")
    elif output.some_expired:
        said.append("one claim or more is time-barred already")
    if output.undated:
        said.append(f"no usable date for {', '.join(kind.replace('_', ' ') for kind in output.undated)}")
    if output.unstated:
        names = ", ".join(kind.replace("_", " ") for kind in output.unstated)
        said.append(f"the caller speaks of a period that is not written down: {names}")
    text = "; ".join(said) or "No claim with a period was named"
    return f"{text[0].upper()}{text[1:]}."
