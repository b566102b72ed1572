"""Shares from few observations: what they may be (Wilson, beta distribution), and whether they rise.

Of n parts k are bad. If every share was as likely as any other beforehand, the share of the lot has the beta
distribution B(k + 1, n - k + 1). With whole numbers its distribution function is a binomial sum, so it is exact.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, lgamma, log, log1p, sqrt


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


def share_below(limit: float, hits: int, total: int) -> float:
    """How probable it is that the true share is below the limit, after so many hits of so many."""
    return _beta(limit, hits + 1, total - hits + 1)


def mean_share(hits: int, total: int) -> float:
    """The true share to be expected: (k + 1) / (n + 2), Laplace's rule."""
    return (hits + 1) / (total + 2)


def mean_share_below(limit: float, hits: int, total: int) -> float:
    """The part of `mean_share` that lies below the limit: the integral of x dP(x) from 0 to it."""
    return mean_share(hits, total) * _beta(limit, hits + 2, total - hits + 1)


def _beta(x: float, a: int, b: int) -> float:
    """Distribution function of B(a, b) for whole a and b: at least a successes of a + b - 1 at chance x."""
    if x <= 0:
        return 0.0
    if x >= 1:
        return 1.0
    n = a + b - 1
    up, down = log(x), log1p(-x)
    of_n = lgamma(n + 1)
    terms = (exp(of_n - lgamma(j + 1) - lgamma(n - j + 1) + j * up + (n - j) * down) for j in range(a, n + 1))
    return min(1.0, sum(terms))


def trend(groups: Sequence[tuple[float, int, int]]) -> float:
    """How many standard errors the share rises with the score (Cochran 1954, Armitage 1955); 0 where nothing can be
    said.

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
