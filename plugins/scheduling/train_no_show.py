"""Trains the no-show model on the invented history and writes `no_show_model.json`; needs scikit-learn.

python -m plugins.scheduling.train_no_show
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from sklearn.calibration import CalibratedClassifierCV
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression

from .history import CALIBRATION, TRAINING, history
from .risk import FEATURES, features

FILE = Path(__file__).parent / "no_show_model.json"


def samples(part: str, count: int) -> tuple[list[tuple[float, ...]], list[int]]:
    """Features and outcome (1 = stayed away) of a part of the history."""
    drawn = list(history(part, count))
    return [features(visit) for visit, _ in drawn], [int(stayed_away) for _, stayed_away in drawn]


def train() -> CalibratedClassifierCV:
    """A logistic regression on one part of the history, its scores calibrated (Platt) on another."""
    regression = LogisticRegression(C=0.1, tol=1e-10, max_iter=5_000)
    regression.fit(*samples("training", TRAINING))
    calibrated = CalibratedClassifierCV(FrozenEstimator(regression), method="sigmoid", ensemble=False)
    return calibrated.fit(*samples("calibration", CALIBRATION))


def as_json(trained: CalibratedClassifierCV) -> dict[str, Any]:
    (fitted,) = trained.calibrated_classifiers_
    regression, (platt,) = fitted.estimator, fitted.calibrators
    return {
        "features": list(FEATURES),
        "intercept": float(regression.intercept_[0]),
        "coefficients": [float(weight) for weight in regression.coef_[0]],
        "calibration": {"a": float(platt.a_), "b": float(platt.b_)},
        "trained_on": {"visits": TRAINING, "calibrated_on": CALIBRATION},
    }


if __name__ == "__main__":
    FILE.write_text(json.dumps(as_json(train()), indent=2) + "\n", encoding="utf-8")
