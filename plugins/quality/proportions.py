"""Shares from few observations: Wilson's interval, and the Cochran-Armitage test for a trend."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt


def wilson(hits: int, total: int, quantile: float) -> tuple[float, float]:
    """Score interval of a share (Wilson, 1927); 0 to 1 where nothing was observed."""
    if total == 0:
        return 0.0, 1.0
    share, square = hits / total, quantile * quantile
    middle = (share + square / (2 * total)) / (1 + square / total)
    half = quantile / (1 + square / total) * sqrt(share * (1 - share) / total + square / (4 * total * total))
    low = 0.0 if hits == 0 else max(0.0, middle - half)
    high = 1.0 if hits == total else min(1.0, middle + half)
    return low, high


def trend(groups: Sequence[tuple[float, int, int]]) -> float:
    """How many standard errors the share rises with the score (Cochran 1954, Armitage 1955); 0 where nothing is known.

    `groups`: score, hits, total. Positive: the share rises with the score.
    """
    total = sum(size for _, _, size in groups)
    hits = sum(number for _, number, _ in groups)
    if hits in (0, total):
        return 0.0
    share = hits / total
    middle = sum(score * size for score, _, size in groups) / total
    varies = sum(size * (score - middle) ** 2 for score, _, size in groups)
    if varies == 0:
        return 0.0
    rises = sum((score - middle) * number for score, number, _ in groups)
    return rises / sqrt(share * (1 - share) * varies)
