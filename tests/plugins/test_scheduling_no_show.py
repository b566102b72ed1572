"""The no-show model: trained again it is the same, it is calibrated, and plain Python gives what scikit-learn gives."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from plugins.scheduling import calibration, risk, train_no_show
from plugins.scheduling.calibration import Judged
from plugins.scheduling.history import true_risk
from plugins.scheduling.no_show import NoShowAgent
from plugins.scheduling.risk import FEATURES, shipped_model


@pytest.fixture(scope="module")
def trained() -> Any:
    return train_no_show.train()


@pytest.fixture(scope="module")
def held_out() -> list[Judged]:
    """None of them was seen in training or calibration."""
    return calibration.held_out()


def test_the_shipped_model_is_what_training_gives(trained: Any) -> None:
    again, shipped = train_no_show.as_json(trained), json.loads(train_no_show.FILE.read_text(encoding="utf-8"))
    assert again["features"] == shipped["features"] == list(FEATURES)
    assert again["coefficients"] == pytest.approx(shipped["coefficients"], rel=1e-5)
    assert again["intercept"] == pytest.approx(shipped["intercept"], rel=1e-5)
    assert again["calibration"] == pytest.approx(shipped["calibration"], rel=1e-5)
    assert again["trained_on"] == shipped["trained_on"]


def test_plain_python_gives_what_scikit_learn_gives(trained: Any) -> None:
    rows, _ = train_no_show.samples("held out", 500)
    expected = trained.predict_proba(rows)[:, 1]
    model = train_no_show.as_json(trained)
    assert [risk.risk(model, row) for row in rows] == pytest.approx(list(expected), abs=1e-12)


def test_the_model_knows_nearly_all_that_can_be_known(held_out: list[Judged]) -> None:
    """Measured by the Brier score: between one risk for everybody, and the chances that the history is drawn from."""
    rate = calibration.said_and_happened(held_out)[1]
    flat = calibration.brier(held_out, [rate] * len(held_out))
    best = calibration.brier(held_out, [true_risk(one.visit) for one in held_out])
    assert flat - best > 0.005
    assert (flat - calibration.brier(held_out)) / (flat - best) > 0.9


def test_the_brier_score_of_two_visits_worked_out_by_hand(held_out: list[Judged]) -> None:
    """Missed at 0.8 and attended at 0.4: (0.04 + 0.16) / 2."""
    pair = [replace(held_out[0], risk=0.8, missed=True), replace(held_out[0], risk=0.4, missed=False)]
    assert calibration.brier(pair) == pytest.approx(0.1)


def test_every_tenth_of_the_risks_comes_true_as_often_as_it_says(held_out: list[Judged]) -> None:
    tenths = calibration.tenths(held_out)
    errors = [abs(said - happened) for said, happened in map(calibration.said_and_happened, tenths)]
    assert max(errors) < 0.05
    assert sum(errors) / 10 < 0.02


def test_it_comes_true_in_early_slots_and_by_day_and_the_groups_differ(held_out: list[Judged]) -> None:
    groups = {one.group for one in held_out}
    found = {name: calibration.said_and_happened([one for one in held_out if one.group == name]) for name in groups}
    assert len(found) == 3
    for said, happened in found.values():
        assert abs(said - happened) < 0.03
    assert found["before 9, 18 to 29 or a long way"][1] > 3 * found["before 9, everybody else"][1]


def test_the_model_has_found_that_early_slots_are_riskier_for_some() -> None:
    weights = dict(zip(FEATURES, shipped_model()["coefficients"], strict=True))
    assert weights["early"] < 0 < min(weights["early_and_young"], weights["early_and_far"])
    assert weights["early"] + weights["early_and_young"] > 0.5


def test_a_risk_worked_out_by_hand() -> None:
    """Score 0.5 - 1.5 = -1; calibrated with a = -2 and b = 0 it is 1 / (1 + e ** 2)."""
    model = {"intercept": 0.5, "coefficients": [-1.5], "calibration": {"a": -2.0, "b": 0.0}}
    assert risk.risk(model, [1.0]) == pytest.approx(0.11920292202211755, abs=1e-15)
    assert risk.sigmoid(-800) == 0.0
    assert risk.sigmoid(800) == 1.0


PERSON = {
    "received_at": "2026-03-02T09:00:00-05:00",
    "birth_date": "2004-06-01",
    "travel_km": 4,
    "visits": 7,
    "no_shows": 1,
}


def test_the_agent_reads_the_hour_off_the_clinics_clock(run: Callable) -> None:
    at_eight = run(NoShowAgent(), **PERSON, start="2026-03-05T08:00:00-05:00")
    in_utc = run(NoShowAgent(), **PERSON, start="2026-03-05T13:00:00Z")
    assert (at_eight.output.part_of_day, at_eight.output.age_group) == ("early", "young")
    assert at_eight.output.risk > 1.5 * in_utc.output.risk
    assert at_eight.evidence[0]["what"] == "early-morning slot, aged 18 to 29"


def test_bands_follow_the_configuration(run: Callable) -> None:
    start = "2026-03-05T08:00:00-05:00"
    found = run(NoShowAgent(), **PERSON, start=start).output.risk
    for medium, high, band in ((found + 0.01, 0.9, "low"), (found, 0.9, "medium"), (0.01, found, "high")):
        assert run(NoShowAgent(), {"medium_from": medium, "high_from": high}, **PERSON, start=start).output.band == band
    assert not NoShowAgent().check(NoShowAgent.Config(medium_from=0.5, high_from=0.4)).ok
    assert NoShowAgent().check(NoShowAgent.Config()).ok


def test_more_missed_visits_never_lower_the_risk(run: Callable) -> None:
    risks = [
        run(NoShowAgent(), **{**PERSON, "no_shows": missed}, start="2026-03-05T10:00:00-05:00").output.risk
        for missed in range(8)
    ]
    assert risks == sorted(risks)
    assert risks[-1] > 2 * risks[0]
