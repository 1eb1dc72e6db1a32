"""Intervals of a ratio by inverting the rank tests: the ratios that a test does not reject.

So an interval excludes 1 exactly if the test shows a difference. It holds whatever the distribution, as long
as one side takes a constant multiple of the other's time (Hodges and Lehmann 1963; Hollander, Wolfe and
Chicken 2014, sections 3.3 and 4.3).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from dawnbench.stats.comparison.trials_needed import ALPHA
from dawnbench.stats.intervals import Interval
from dawnbench.stats.ranks import mann_whitney, signed_rank

PRECISION = 1e-9
"""Of a bound, relative to it."""
TINY = 1e-200
"""A ratio below it, or above its inverse, counts as beyond all: dividing by it could overflow."""


def ratio_interval(ours: Sequence[float], theirs: Sequence[float], level: float = ALPHA) -> Interval:
    """Return the interval of how many times as large `ours` are as `theirs`, by Mann-Whitney's test.

    It covers the ratio in 1 - `level` of all cases. A value may be infinite: a trial that missed the target.
    """
    x, y = np.asarray(ours, dtype=float), np.asarray(theirs, dtype=float)
    known = [values[np.isfinite(values) & (values > 0)] for values in (x, y)]
    ends: tuple[float, ...] = ()
    if all(map(len, known)):
        with np.errstate(over="ignore"):
            ends = (known[0].min() / known[1].max(), known[0].max() / known[1].min())
    return _interval(
        lambda ratio: 2 * mann_whitney((x / ratio).tolist(), y.tolist(), "greater") < level,
        lambda ratio: 2 * mann_whitney((x / ratio).tolist(), y.tolist(), "less") < level,
        ends,
    )


def paired_ratio_interval(ratios: Sequence[float], level: float = ALPHA) -> Interval:
    """Return the interval of the ratio that pairs with these ratios share, by Wilcoxon's signed ranks.

    It covers the ratio in 1 - `level` of all cases. A ratio is infinite or zero if only one of the pair
    reached the target.
    """
    array = np.asarray(ratios, dtype=float)
    known = array[np.isfinite(array) & (array > 0)]

    def differences(ratio: float) -> list[float]:
        with np.errstate(divide="ignore"):
            found: list[float] = np.log(array / ratio).tolist()
        return found

    return _interval(
        lambda ratio: 2 * signed_rank(differences(ratio), "greater") < level,
        lambda ratio: 2 * signed_rank(differences(ratio), "less") < level,
        (known.min(), known.max()) if known.size else (),
    )


Rejected = Callable[[float], bool]


def _interval(too_low: Rejected, too_high: Rejected, ends: tuple[float, ...]) -> Interval:
    """Return the bounds; beyond the `ends`, where the ranks no longer change, a bound is 0 or infinite."""
    low, high = (max(TINY, ends[0] / 1.001), min(1 / TINY, ends[1] * 1.001)) if ends else (1.0, 1.0)
    least = _boundary(too_low, low, high)
    most = _boundary(lambda inverse: too_high(1 / inverse), 1 / high, 1 / low)
    return Interval(least, 1 / most if most else math.inf)


def _boundary(rejected: Rejected, low: float, high: float) -> float:
    """Return the ratio up to which all are rejected: 0 if none is, infinity if all are."""
    if not rejected(low):
        return 0.0
    if rejected(high):
        return math.inf
    middle = 1.0  # first, so that the interval excludes 1 exactly if the test rejects it
    while high / low > 1 + PRECISION:
        if low < middle < high:
            low, high = (middle, high) if rejected(middle) else (low, middle)
        middle = math.sqrt(low) * math.sqrt(high)
    return high
