"""How well the shipped no-show model is calibrated, on past visits that neither training nor calibration saw.

python -m plugins.scheduling.calibration
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from .history import HELD_OUT, history, true_risk
from .risk import EARLY_BEFORE, FAR_FROM, Visit, age_group, features, risk, shipped_model


@dataclass(frozen=True, slots=True)
class Judged:
    """A past visit, the risk that the model gives it, and whether the patient stayed away."""

    visit: Visit
    risk: float
    missed: bool

    @property
    def group(self) -> str:
        if self.visit.hour >= EARLY_BEFORE:
            return f"from {EARLY_BEFORE} o'clock"
        hard = age_group(self.visit.age) == "young" or self.visit.travel_km >= FAR_FROM
        return f"before {EARLY_BEFORE}, " + ("18 to 29 or a long way" if hard else "everybody else")


def held_out() -> list[Judged]:
    model = shipped_model()
    return [Judged(visit, risk(model, features(visit)), missed) for visit, missed in history("held out", HELD_OUT)]


def brier(judged: Sequence[Judged], risks: Sequence[float] | None = None) -> float:
    """Mean squared error of the model's risks, or of others for the same visits."""
    guesses = [one.risk for one in judged] if risks is None else risks
    return sum((guess - one.missed) ** 2 for guess, one in zip(guesses, judged, strict=True)) / len(judged)


def tenths(judged: Sequence[Judged]) -> list[Sequence[Judged]]:
    """The visits by rising risk, cut into ten parts of the same size."""
    ranked, size = sorted(judged, key=lambda one: one.risk), len(judged) // 10
    return [ranked[number * size : (number + 1) * size] for number in range(10)]


def said_and_happened(judged: Sequence[Judged]) -> tuple[float, float]:
    """Mean risk, and the share that stayed away."""
    return sum(one.risk for one in judged) / len(judged), sum(one.missed for one in judged) / len(judged)


def report() -> Iterator[str]:
    """The figures of the README, in Markdown."""
    judged = held_out()
    rate = said_and_happened(judged)[1]
    errors = [abs(said - happened) for said, happened in map(said_and_happened, tenths(judged))]
    best, flat = brier(judged, [true_risk(one.visit) for one in judged]), brier(judged, [rate] * len(judged))
    yield f"{len(judged):,} visits, of which {rate:.1%} were missed. Brier score {brier(judged):.4f}; of the true"
    yield f"chances {best:.4f}, of saying {rate:.1%} for everybody {flat:.4f}. What the model says and what happened"
    yield f"differ by {sum(errors) / 10:.1%} in the mean of ten tenths, by {max(errors):.1%} in the worst of them."
    yield ""
    yield "| visits | number | model says | missed |"
    yield "|---|---|---|---|"
    for number, part in enumerate(tenths(judged), 1):
        yield _row(f"tenth {number}", part)
    for group in sorted({one.group for one in judged}):
        yield _row(group, [one for one in judged if one.group == group])


def _row(title: str, judged: Sequence[Judged]) -> str:
    said, happened = said_and_happened(judged)
    return f"| {title} | {len(judged):,} | {said:.1%} | {happened:.1%} |"


if __name__ == "__main__":
    print("\n".join(report()))
