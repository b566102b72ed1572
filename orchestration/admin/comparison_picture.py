"""Two sides' confidence as bars beside each other, with the numbers as text."""

from __future__ import annotations

from dataclasses import dataclass

from orchestration.services.comparison_report import BINS, Side


@dataclass(frozen=True, slots=True)
class Pair:
    """Counts of succeeded runs, and heights of 100."""

    label: str
    title: str
    before: int
    after: int
    before_height: float
    after_height: float

    @property
    def before_y(self) -> float:
        return 100 - self.before_height

    @property
    def after_y(self) -> float:
        return 100 - self.after_height


def pairs_of(before: Side, after: Side) -> list[Pair]:
    """Confidence by tenths, and at the end the runs that gave none."""
    counts = list(zip((*before.confidence, before.unsure), (*after.confidence, after.unsure), strict=True))
    most = max(max(pair) for pair in counts) or 1
    pairs = []
    for number, (old, new) in enumerate(counts):
        last = number == BINS
        label = "none" if last else f"{number / BINS:.1f}"
        place = "without a confidence" if last else f"from {number / BINS:.1f} to {(number + 1) / BINS:.1f}"
        title = f"{place}: {old:,} recorded, {new:,} of the candidate"
        pairs.append(Pair(label, title, old, new, round(100 * old / most, 1), round(100 * new / most, 1)))
    return pairs
