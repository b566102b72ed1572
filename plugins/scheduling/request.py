"""The agent that reads a request, spoken or from the web form: what is wanted, how soon, and any red flag."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

from pydantic import AwareDatetime, Field

from orchestration.plugin_api import Agent, AgentResult, Health, Model, Request

from .preferences import Part, Preferences, Weekday, read_preferences
from .symptoms import Mention, mentions, symptoms
from .wording import Reading, entries, read
from .words import spoken_lines

Intent = Literal["book", "reschedule", "cancel", "question", "other"]
Urgency = Literal["emergency", "urgent", "soon", "routine"]
Specialty = Literal["family_medicine", "cardiology", "dermatology", "orthopaedics"]
VisitType = Literal["consultation", "follow_up", "checkup", "vaccination", "procedure"]
_RANKS = ("emergency", "urgent", "soon", "routine")


class RedFlag(Model):
    flag: str = Field(title="Symptom")
    line: int = Field(title="Line of the request", ge=1)
    text: str = Field(title="What was said")


class Form(Model):
    intent: Intent = Field(title="What is wanted")
    urgency: Urgency = Field(default="routine", title="How soon")
    specialty: Specialty | None = Field(default=None, title="Specialty")
    visit_type: VisitType | None = Field(default=None, title="Kind of visit")
    message: str = Field(default="", title="Message", max_length=4000)
    part_of_day: Part | None = Field(default=None, title="Part of the day")
    weekdays: tuple[Weekday, ...] = Field(default=(), title="Weekdays", max_length=7)
    provider: str | None = Field(default=None, title="Provider", max_length=80)
    not_before: date | None = Field(default=None, title="Not before")


class RequestAgent(Agent):
    name, version, title = "scheduling.request", "1.0", "Reads what a patient asks for"
    description = (
        "Finds what a patient wants and how soon, red-flag symptoms with the line they were said in, and preferences "
        "for the time. It goes by lists of words and does not count symptoms that are denied."
    )
    inline = True

    class Input(Model):
        received_at: AwareDatetime = Field(title="When the request came in")
        transcript: str = Field(default="", title="Transcript, a line for each turn", max_length=20_000)
        form: Form | None = Field(default=None, title="Web form")

    class Config(Model):
        providers: tuple[str, ...] = Field(default=(), title="Surnames of providers to listen for", max_length=200)

    class Output(Model):
        intent: Intent = Field(title="What is wanted")
        urgency: Urgency = Field(title="How soon")
        red_flag: bool = Field(title="A red-flag symptom is present")
        red_flags: list[RedFlag] = Field(title="Red-flag symptoms")
        denied: list[str] = Field(title="Symptoms mentioned that are not there now")
        specialty: Specialty | None = Field(default=None, title="Specialty")
        visit_type: VisitType = Field(title="Kind of visit")
        part_of_day: Part | None = Field(default=None, title="Part of the day")
        weekdays: list[Weekday] = Field(title="Weekdays")
        provider: str | None = Field(default=None, title="Provider wanted")
        not_before: date | None = Field(default=None, title="Not before")

    def run(self, request: Request[Any, Any]) -> AgentResult:
        stated, config = request.input, request.config
        form: Form | None = stated.form
        lines = spoken_lines(stated.transcript)
        if form is not None and form.message.strip():
            lines += [("caller", line) for line in form.message.splitlines()]
        text = "\n".join(words for speaker, words in lines if speaker == "caller")
        found = mentions(lines)
        present = [one for one in found if one.state == "present"]
        readings = {kind: read(text, kind) for kind in ("intent", "urgency", "specialty", "visit_type")}
        wishes = read_preferences(text, stated.received_at.date(), config.providers)
        if form is not None:
            wishes = _laid_over(form, wishes)
        intent, confidence = _intent(form, readings["intent"])
        output = self.Output(
            intent=intent,
            urgency=_urgency(form, readings["urgency"], present),
            red_flag=bool(present),
            red_flags=[RedFlag(flag=one.flag, line=one.line, text=one.text) for one in present],
            denied=sorted({one.flag for one in found} - {one.flag for one in present}),
            specialty=(form.specialty if form else None) or readings["specialty"].value,
            visit_type=(form.visit_type if form else None) or readings["visit_type"].value or "consultation",
            part_of_day=wishes.part_of_day,
            weekdays=list(wishes.weekdays),
            provider=wishes.provider,
            not_before=wishes.not_before,
        )
        return AgentResult(output, confidence, _summary(output, present), _evidence(found, readings))

    def check(self, config: Any) -> Health:
        if any(not name.strip() for name in config.providers):
            return Health(False, "A provider's name is empty. Take it out of the list.")
        return Health(True, details={"symptoms": len(symptoms()), "wordings": len(entries())})


def _intent(form: Form | None, spoken: Reading) -> tuple[Any, float]:
    """The intent, and how sure: a form says it outright, unless its own message asks for something else."""
    if form is None:
        return spoken.value or "other", spoken.certainty
    contradicted = spoken.value not in (None, form.intent) and spoken.certainty >= 0.7
    return form.intent, 0.5 if contradicted else 0.98


def _urgency(form: Form | None, spoken: Reading, present: list[Mention]) -> Any:
    """The most pressing of what symptoms, words and form say; words of no hurry only where nothing else is said."""
    said = [one.urgency for one in present]
    said += [form.urgency] if form is not None else []
    said += [spoken.value] if spoken.value else []
    return min(said, key=_RANKS.index, default="routine")


def _laid_over(form: Form, spoken: Preferences) -> Preferences:
    return Preferences(
        form.part_of_day or spoken.part_of_day,
        form.weekdays or spoken.weekdays,
        form.provider or spoken.provider,
        form.not_before or spoken.not_before,
    )


def _summary(output: Any, present: list[Mention]) -> str:
    if present:
        return f"Red flag: {present[0].title.lower()}, said in line {present[0].line}."
    about = f" in {output.specialty.replace('_', ' ')}" if output.specialty else ""
    return (
        f"Wants to {output.intent}{about}, {output.urgency}."
        if output.intent
        in (
            "book",
            "reschedule",
            "cancel",
        )
        else f"The request is a {'question' if output.intent == 'question' else 'matter other than an appointment'}."
    )


def _evidence(found: list[Mention], readings: dict[str, Reading]) -> tuple[dict[str, Any], ...]:
    said = [
        {"what": f"{one.title}: {one.state}", "value": one.text[:300], "line": one.line, "flag": one.flag}
        for one in found[:50]
    ]
    heard = [
        {"what": f"{kind.replace('_', ' ')}: {reading.value}", "value": ", ".join(reading.terms[:10])}
        for kind, reading in readings.items()
        if reading.value
    ]
    return (*said, *heard)
