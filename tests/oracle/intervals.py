"""Intervals and tests of scores, written from the papers. All at 95 %; None where nobody answered."""

from __future__ import annotations

from math import sqrt

import pandas as pd
from scipy import stats

Z95 = 1.959963984540054


def nps_interval(promoters: int, detractors: int, n: int) -> tuple[float, float] | tuple[None, None]:
    """Adjusted Wald (Rocks 2016): ¾ promoter, ¾ detractor, 1½ passives more; from −100 to 100."""
    if n == 0:
        return None, None
    score, error = _adjusted(promoters, detractors, n)
    return max(-100.0, 100 * (score - Z95 * error)), min(100.0, 100 * (score + Z95 * error))


def nps_differs(one: tuple[int, int, int], other: tuple[int, int, int]) -> bool | None:
    """Two-sided z test of two independent samples (promoters, detractors, n), on the adjusted counts of the interval."""
    if one[2] == 0 or other[2] == 0:
        return None
    (score, error), (before, error_before) = _adjusted(*one), _adjusted(*other)
    return abs(score - before) > Z95 * sqrt(error**2 + error_before**2)


def _adjusted(promoters: int, detractors: int, n: int) -> tuple[float, float]:
    p, d = (promoters + 0.75) / (n + 3), (detractors + 0.75) / (n + 3)
    return p - d, sqrt((p + d - (p - d) ** 2) / (n + 3))


def wilson(successes: int, n: int) -> tuple[float, float] | tuple[None, None]:
    """Wilson's score interval of a share (1927)."""
    if n == 0:
        return None, None
    share = successes / n
    middle = share + Z95**2 / (2 * n)
    width = Z95 * sqrt(share * (1 - share) / n + Z95**2 / (4 * n**2))
    return max(0.0, (middle - width) / (1 + Z95**2 / n)), min(1.0, (middle + width) / (1 + Z95**2 / n))


def difference_interval(ones: pd.Series, others: pd.Series) -> tuple[float, float] | tuple[None, None]:
    """Welch's interval of the difference of two means (1947); None below two values on either side."""
    if len(ones) < 2 or len(others) < 2:
        return None, None
    difference = ones.mean() - others.mean()
    width = welch_width(ones.var() / len(ones), len(ones), others.var() / len(others), len(others))
    return difference - width, difference + width


def welch_width(one: float, n_one: int, other: float, n_other: int) -> float:
    """Half the width of the interval of a difference of two means, from their squared standard errors; 0 where nothing varies."""
    if one + other < 1e-20:
        return 0.0
    df = (one + other) ** 2 / (one**2 / (n_one - 1) + other**2 / (n_other - 1))
    return float(stats.t.ppf(0.975, df)) * sqrt(one + other)


def ratio(part: float, whole: float | None) -> float | None:
    """A rate; None when there is nothing to divide by."""
    return part / whole if whole else None
