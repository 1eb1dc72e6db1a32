"""95 % intervals of means: Student's, and Fieller's for a time to the target when some trials missed it.

Both hold for a handful of trials. A bootstrap interval does not: with 3 trials it covers the truth 7 times
in 10, with 10 trials 9 times, and never more often than Student's up to 20 (tests/stats/test_simulated.py).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

TAIL = 0.025


@dataclass(frozen=True, slots=True)
class Interval:
    """An interval in the statistic's unit; `high` is infinite if there is no upper bound."""

    low: float
    high: float

    def __contains__(self, value: float) -> bool:
        """Return whether the value lies within the interval, bounds included."""
        return self.low <= value <= self.high


def student_quantile(tail: float, freedom: float) -> float:
    """Return the value that Student's t exceeds with the probability `tail`.

    As `scipy.stats.t.isf`, without half a second for importing scipy.stats.
    """
    return -float(stdtrit(freedom, tail))


def mean_interval(values: np.ndarray, highest: float = math.inf) -> Interval | None:
    """Return Student's 95 % interval of the mean of values (n,), up to `highest`; None for n < 2.

    If no value is negative, neither is the interval.
    """
    n = len(values)
    if n < 2:
        return None
    mean, half = (
        float(values.mean()),
        float(student_quantile(TAIL, n - 1) * values.std(ddof=1) / math.sqrt(n)),
    )
    # Rounding may put the mean of equal values just beside them.
    if values.min() == values.max():
        mean, half = float(values[0]), 0.0
    lowest = 0.0 if values.min() >= 0 else -math.inf
    return Interval(max(lowest, mean - half), min(highest, mean + half))


def expected_interval(spent: np.ndarray, success: np.ndarray) -> Interval | None:
    """Return the 95 % interval of total time over successes; None with fewer than two trials.

    `spent` (n,) is what each trial spent, `success` (n,) is 1 or 0. The interval holds every E for which a
    t-test cannot tell the mean of spent - E * success from zero (Fieller 1954). If every trial succeeded, it
    is Student's interval of the mean. If the successes could be none, there is no upper bound.
    """
    n = len(spent)
    mean, rate = (float(values.mean()) if n else 0.0 for values in (spent, success))
    if n < 2 or rate == 1:
        return mean_interval(spent)
    if not rate:
        return Interval(math.inf, math.inf)
    (var, both), (_, var_rate) = np.cov(spent, success).tolist()
    k = student_quantile(TAIL, n - 1) ** 2 / n
    # a E^2 - 2 b E + c <= 0 within the interval; for a <= 0 it goes on to infinity.
    a, b, c = rate**2 - k * var_rate, mean * rate - k * both, mean**2 - k * var
    root = math.sqrt(max(0.0, b * b - a * c))
    low = c / (b + root) if c > 0 and b + root > 0 else 0.0
    high = (b + root) / a if a > 0 else math.inf
    return Interval(min(low, mean / rate), max(high, mean / rate))
