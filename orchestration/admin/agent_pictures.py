"""Figures as small pictures: bars whose heights are attributes of SVG, with the numbers as text beside them."""

from __future__ import annotations

from dataclasses import dataclass

from orchestration.services.agent_figures import Figures


@dataclass(frozen=True, slots=True)
class Bar:
    """`height` of 100; `title` says the number to who cannot see the bar."""

    label: str
    title: str
    count: int
    height: float
    y: float
    below: float = 0.0  # the height of the part at the bottom, where a bar has two
    below_y: float = 100.0
    x: float = 0.0


def bins_of(figures: Figures) -> list[Bar]:
    """Confidence by tenths, and at the end the runs that gave none."""
    counts = [*figures.confidence, figures.unsure]
    most = max(counts) or 1
    bars = []
    for number, count in enumerate(counts):
        last = number == len(figures.confidence)
        label = "none" if last else f"{number * 10}+"
        place = "without a confidence" if last else f"from {number * 10} to {number * 10 + 10} per cent"
        height = round(100 * count / most, 1)
        bars.append(Bar(label, f"{count:,} runs {place}", count, height, 100 - height))
    return bars


def days_of(figures: Figures) -> list[Bar]:
    """Ended runs a day, the failed ones at the bottom."""
    most = max((one.succeeded + one.failed for one in figures.by_day), default=0) or 1
    bars = []
    for number, one in enumerate(figures.by_day):
        total = one.succeeded + one.failed
        height, below = round(100 * total / most, 1), round(100 * one.failed / most, 1)
        title = f"{one.day:%-d %b}: {one.succeeded:,} succeeded, {one.failed:,} failed"
        bars.append(Bar(f"{one.day:%-d %b}", title, total, height, 100 - height, below, 100 - below, number * 10))
    return bars
