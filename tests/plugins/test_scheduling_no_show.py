"""The no-show model: trained again it is the same, it is calibrated, and plain Python gives what scikit-learn gives."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from plugins.scheduling import risk, train_no_show
from plugins.scheduling.history import HELD_OUT, history, true_risk
from plugins.scheduling.no_show import NoShowAgent
from plugins.scheduling.risk import FEATURES, Visit, features, shipped_model


@pytest.fixture(scope="module")
def trained() -> Any:
    return train_no_show.train()


@pytest.fixture(scope="module")
def held_out() -> list[tuple[float, bool, Visit]]:
    """Risk by plain Python, what happened, and the visit: none of them seen in training or calibration."""
    drawn = history("held out", HELD_OUT)
    return [(risk.risk(shipped_model(), features(visit)), away, visit) for visit, away in drawn]


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


def test_the_brier_score_is_close_to_the_best_there_can_be(held_out: list[tuple[float, bool, Visit]]) -> None:
    """The best is that of the true risk; guessing the base rate for everybody is clearly worse."""

    def brier(guesses: list[float]) -> float:
        return sum((guess - away) ** 2 for guess, (_, away, _) in zip(guesses, held_out, strict=True)) / len(held_out)

    rate = sum(away for _, away, _ in held_out) / len(held_out)
    ours = brier([one for one, _, _ in held_out])
    best, flat = brier([true_risk(visit) for _, _, visit in held_out]), brier([rate] * len(held_out))
    assert ours - best < 0.002
    assert flat - ours > 0.01


def test_every_tenth_of_the_risks_comes_true_as_often_as_it_says(held_out: list[tuple[float, bool, Visit]]) -> None:
    ranked = sorted(held_out, key=lambda one: one[0])
    size = len(ranked) // 10
    errors = []
    for number in range(10):
        tenth = ranked[number * size : (number + 1) * size]
        said, happened = (sum(one[column] for one in tenth) / size for column in (0, 1))
        errors.append(abs(said - happened))
    assert max(errors) < 0.05
    assert sum(errors) / 10 < 0.02


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
