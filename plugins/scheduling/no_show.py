"""The agent that tells how likely a patient is not to come to a visit."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

from pydantic import AwareDatetime, Field

from orchestration.plugin_api import Agent, AgentResult, Health, Model, Request

from .preferences import Part
from .risk import FEATURES, age_group, features, risk, shipped_model, visit
from .slot_search import part_of_day

_SAID = {
    "prior_rate": "visits missed before",
    "lead": "days until the visit",
    "new_patient": "new patient",
    "far": "long way to the clinic",
    "young": "aged 18 to 29",
    "older": "aged 65 or over",
    "early": "early-morning slot",
    "early_and_young": "early-morning slot, aged 18 to 29",
    "early_and_far": "early-morning slot, long way to the clinic",
    "early_and_older": "early-morning slot, aged 65 or over",
}


class NoShowAgent(Agent):
    name, version, title = "scheduling.no_show", "1.0", "Estimates the risk of a no-show"
    description = "A calibrated logistic regression on past visits; the file with its coefficients comes with it."
    inline = True

    class Input(Model):
        start: AwareDatetime = Field(title="When the visit begins, with the clinic's offset")
        received_at: AwareDatetime = Field(title="When the request came in")
        birth_date: date = Field(title="Birth date")
        new_patient: bool = Field(default=False, title="New patient")
        travel_km: float = Field(default=0, title="Way to the clinic (km)", ge=0, le=20_000)
        visits: int = Field(default=0, title="Visits so far", ge=0, le=10_000)
        no_shows: int = Field(default=0, title="Of them missed", ge=0, le=10_000)

    class Config(Model):
        medium_from: float = Field(default=0.15, ge=0, le=1, title="Medium risk from")
        high_from: float = Field(default=0.35, ge=0, le=1, title="High risk from")

    class Output(Model):
        risk: float = Field(title="Risk of a no-show", ge=0, le=1)
        band: Literal["low", "medium", "high"] = Field(title="Band of the risk")
        age_group: Literal["child", "young", "adult", "older"] = Field(title="Age group")
        travels_far: bool = Field(title="Long way to the clinic")
        part_of_day: Part = Field(title="Part of the day")

    def run(self, request: Request[Any, Any]) -> AgentResult:
        config, one = request.config, visit(request.input)
        values = features(one)
        found = round(risk(shipped_model(), values), 4)
        band = "high" if found >= config.high_from else "medium" if found >= config.medium_from else "low"
        output = self.Output(
            risk=found,
            band=band,
            age_group=age_group(one.age),
            travels_far=bool(values[FEATURES.index("far")]),
            part_of_day=part_of_day(request.input.start),
        )
        weights = zip(FEATURES, shipped_model()["coefficients"], values, strict=True)
        shares = sorted(
            ((name, weight * value) for name, weight, value in weights if value), key=lambda one: -abs(one[1])
        )
        evidence = tuple({"what": _SAID[name], "value": round(share, 3), "feature": name} for name, share in shares)
        # With little history the estimate rests on the others of the group.
        confidence = round(1 - 0.4 / (1 + one.visits), 3)
        summary = f"Risk of a no-show {found:.0%} ({band}), mostly for: {_SAID[shares[0][0]]}."
        return AgentResult(output, confidence, summary, evidence)

    def check(self, config: Any) -> Health:
        if config.medium_from > config.high_from:
            return Health(False, "medium_from is above high_from. Lower it.")
        if tuple(shipped_model()["features"]) != FEATURES:
            return Health(False, "no_show_model.json has other features. Train it again.")
        return Health(True)
