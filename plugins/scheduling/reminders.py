"""The agent that plans when and how a patient is reminded of a visit."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AwareDatetime, Field

from orchestration.plugin_api import Agent, AgentError, AgentResult, Health, Model, Request

Channel = Literal["sms", "email", "voice"]
_APART = timedelta(hours=2)
_PLANS: dict[str, tuple[int, ...]] = {"low": (24,), "medium": (72, 24), "high": (168, 48, 24, 3)}
"""Hours before the visit at which a patient is reminded, by band of the risk."""


class Reminder(Model):
    at: AwareDatetime = Field(title="When")
    channel: Channel = Field(title="How")


class RemindersAgent(Agent):
    name, version, title = "scheduling.reminders", "1.1", "Plans reminders"
    description = (
        "Chooses channel and moments of the reminders by the risk of a no-show. Nobody is disturbed in quiet hours of "
        "their own time zone. It plans only; sending is the business of another system."
    )
    inline = True

    class Input(Model):
        start: AwareDatetime = Field(title="When the visit begins")
        received_at: AwareDatetime = Field(title="When the request came in")
        band: Literal["low", "medium", "high"] = Field(title="Band of the risk")
        time_zone: str = Field(title="Time zone of the patient", max_length=60)
        sms: bool = Field(default=False, title="May be sent text messages")
        email: bool = Field(default=False, title="May be sent e-mail")
        voice: bool = Field(default=False, title="May be called")

    class Config(Model):
        quiet_from: time = Field(default=time(21), title="Quiet from")
        quiet_to: time = Field(default=time(8), title="Quiet until")
        confirm_hours: int = Field(default=2, ge=1, le=24, title="Hours in which to confirm, quiet ones not counted")

    class Output(Model):
        reachable: bool = Field(title="The patient may be reminded")
        reminders: list[Reminder] = Field(title="Reminders, first one first")
        count: int = Field(title="How many", ge=0)
        first_at: AwareDatetime | None = Field(default=None, title="First reminder")
        ask_again_at: AwareDatetime = Field(title="A patient who has not confirmed is reminded at")
        confirm_by: AwareDatetime = Field(title="A slot that needs a confirmation is held until")

    def run(self, request: Request[Any, Any]) -> AgentResult:
        stated, config = request.input, request.config
        zone = _zone(stated.time_zone)
        allowed: list[Channel] = [one for one in ("sms", "email", "voice") if getattr(stated, one)]  # type: ignore[misc]
        planned = _moments(stated, zone, config.quiet_from, config.quiet_to) if allowed else []
        found = [
            Reminder(at=at.astimezone(zone), channel=_channel(allowed, stated.band, place == len(planned) - 1))
            for place, at in enumerate(planned)
        ]
        output = self.Output(
            reachable=bool(allowed),
            reminders=found,
            count=len(found),
            first_at=found[0].at if found else None,
            ask_again_at=_waking(timedelta(hours=config.confirm_hours) / 2, stated, zone, config),
            confirm_by=_waking(timedelta(hours=config.confirm_hours), stated, zone, config),
        )
        summary = (
            f"{len(found)} reminder{'' if len(found) == 1 else 's'}" if allowed else "The patient allows no channel"
        )
        summary += f", the first on {found[0].at:%d %B at %H:%M} by {found[0].channel}." if found else "."
        evidence = tuple({"what": f"reminder by {one.channel}", "value": one.at.isoformat()} for one in found)
        return AgentResult(output, None, summary, evidence)

    def check(self, config: Any) -> Health:
        if config.quiet_from == config.quiet_to:
            return Health(
                False, "Quiet hours begin and end at the same time. Set the hours in which nobody is disturbed."
            )
        return Health(True)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # a path instead of a name, too
        said = f"There is no time zone “{name}”; write it as America/New_York."
        raise AgentError(said, permanent=True) from None


def _waking(left: timedelta, stated: Any, zone: ZoneInfo, config: Any) -> datetime:
    """When so much waking time is over: asked at 20:30 with two hours to confirm, a patient has until 9:30.

    An hour before the visit the slot is given up at the latest, but never before the request came in.
    """
    at = stated.received_at.astimezone(UTC)
    while True:
        at = _awake(at, zone, config.quiet_from, config.quiet_to)
        night = _next(at, zone, config.quiet_from)
        if at + left <= night:
            break
        left, at = left - (night - at), night
    latest = max(stated.start - timedelta(hours=1), stated.received_at)
    return min(at + left, latest).astimezone(zone)


def _awake(at: datetime, zone: ZoneInfo, quiet_from: time, quiet_to: time) -> datetime:
    return _next(at, zone, quiet_to) if _quiet(at, zone, quiet_from, quiet_to) else at


def _next(at: datetime, zone: ZoneInfo, clock: time) -> datetime:
    """The next moment after `at` when the clock shows this, in UTC."""
    day = at.astimezone(zone).date()
    moments = (datetime.combine(day + timedelta(days=days), clock, zone).astimezone(UTC) for days in range(3))
    return next(moment for moment in moments if moment > at)


def _moments(stated: Any, zone: ZoneInfo, quiet_from: time, quiet_to: time) -> list[datetime]:
    """In UTC, first one first.

    1. Days are counted on the patient's clock: the day before a visit at 10 is 10, also when the clocks change.
    2. What falls into quiet hours is sent an hour before these begin.
    3. What is over already, or within two hours of a later reminder, is left out.
    """
    found: list[datetime] = []
    local = stated.start.astimezone(zone)
    for hours in sorted(_PLANS[stated.band]):
        whole_days, rest = divmod(hours, 24)
        at = (local - timedelta(days=whole_days)).astimezone(UTC) - timedelta(hours=rest)
        at = _out_of_quiet(at, zone, quiet_from, quiet_to)
        if at > stated.received_at + timedelta(minutes=5) and (not found or found[-1] - at >= _APART):
            found.append(at)
    return found[::-1]


def _quiet(at: datetime, zone: ZoneInfo, quiet_from: time, quiet_to: time) -> bool:
    clock = at.astimezone(zone).time().replace(tzinfo=None)
    overnight = quiet_from > quiet_to
    return clock >= quiet_from or clock < quiet_to if overnight else quiet_from <= clock < quiet_to


def _out_of_quiet(at: datetime, zone: ZoneInfo, quiet_from: time, quiet_to: time) -> datetime:
    if not _quiet(at, zone, quiet_from, quiet_to):
        return at
    local = at.astimezone(zone)
    overnight = quiet_from > quiet_to and local.time() < quiet_to
    day = local.date() - timedelta(days=1) if overnight else local.date()
    return (datetime.combine(day, quiet_from, zone) - timedelta(hours=1)).astimezone(UTC)


def _channel(allowed: list[Channel], band: str, last: bool) -> Channel:
    """The gentlest one that is allowed; the last reminder of a high risk is a call."""
    return "voice" if band == "high" and last and "voice" in allowed else allowed[0]
