"""MLPerf's reference convergence points, as the rcp_checker of MLCommons' logging package computes them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtr, stdtrit

ALPHA = 0.05
SLOW_ALPHA = 0.01
"""On the slow side, which is our addition: other gates test slowness too, and false alarms add up."""
TOLERANCE = 1e-4
"""Of the bisection, in epochs."""
DROPPED = 2
"""The best and the worst."""
LEAST = DROPPED + 1


@dataclass(frozen=True, slots=True)
class ConvergencePoint:
    """The range of olympic means to expect of further trials, given a reference's epochs to the target."""

    mean: float
    """Olympic mean of the reference, in epochs."""
    std: float
    """Population standard deviation of all of the reference's trials, in epochs."""
    minimum: float
    """The smallest plausible olympic mean of `runs` trials, in epochs."""
    maximum: float
    """The largest one at 0.01, in epochs. Ours; MLPerf only asks whether a run converges too fast."""
    max_speedup: float
    """`mean` over `minimum`."""
    runs: int
    """How many trials are to be judged, including the two that are dropped."""


def olympic_mean(epochs: Sequence[float]) -> float:
    """Return the mean without the best and the worst value, in epochs.

    A value may be infinite, for a trial that missed its target; two of them make the mean infinite.

    Raises:
        ValueError: there are fewer than three values, or one is NaN.
    """
    if len(epochs) < LEAST or any(math.isnan(one) for one in epochs):
        raise ValueError(
            f"an olympic mean takes at least {LEAST} numbers, none of them NaN, not {list(epochs)}"
        )
    kept = sorted(epochs)[1:-1]
    # Rounding may put the mean of equal values just beside them.
    return min(max(float(np.mean(kept)), kept[0]), kept[-1])


def reference_point(epochs: Sequence[float], runs: int) -> ConvergencePoint:
    """Return the convergence point of a reference's epochs to the target for `runs` trials to be judged.

    The minimum is the smallest mean that a one-sided pooled t-test at 0.05 cannot distinguish from the
    reference's. Both sides are assumed to have the reference's standard deviation and two trials fewer than
    they have; the minimum is found by bisection between 0 and the mean to 1e-4. For [16, 14, 16, 17, 16, 16,
    15, 16, 15, 16] and 5 runs it is 14.78. The maximum, which is our addition, is the largest by the same
    test at 0.01 on the other side. Without any spread both equal the mean. Source:
    `RCP_Checker.compute_rcp_stats` and `_find_min_acceptable_mean` of mlcommons/logging.

    Raises:
        ValueError: there are fewer than three values, one is not finite or not above zero, `runs` is below
            three, or both are three, which leaves the test no degrees of freedom.
    """
    if not all(math.isfinite(one) and one > 0 for one in epochs):
        raise ValueError(f"a reference's epochs must be finite and above zero, not {list(epochs)}")
    if min(len(epochs), runs) < LEAST or len(epochs) + runs == 2 * LEAST:
        raise ValueError(
            f"{len(epochs)} trials of a reference and {runs} to be judged are too few for a convergence "
            f"point; it takes at least {LEAST} of each, and more on one side"
        )
    return point_of(olympic_mean(epochs), float(np.std(sorted(epochs))), len(epochs), runs)


def point_of(mean: float, deviation: float, trials: int, runs: int) -> ConvergencePoint:
    """Return the point of a reference of `trials` trials from its olympic mean and standard deviation."""
    error = _standard_error(deviation, trials, runs)
    freedom = _freedom(trials, runs)
    minimum = _bisect(mean, error, freedom) if deviation else mean
    maximum = mean - error * float(stdtrit(freedom, SLOW_ALPHA))
    return ConvergencePoint(mean, deviation, minimum, maximum, mean / minimum, runs)


def p_value(mean: float, point: ConvergencePoint, trials: int) -> float:
    """Return the one-sided p-value of that pooled t-test, on the side of `mean`.

    `trials` is the number of the reference's trials. The point's `std` must not be zero.
    """
    error = _standard_error(point.std, trials, point.runs)
    return float(stdtr(_freedom(trials, point.runs), -abs(mean - point.mean) / error))


def _bisect(mean: float, error: float, freedom: int) -> float:
    low, high = 0.0, mean
    middle = (low + high) / 2
    # Beyond 1e11, neighbouring floats are further apart than the tolerance.
    while high - low > TOLERANCE and low < middle < high:
        if stdtr(freedom, (middle - mean) / error) > ALPHA:
            high = middle
        else:
            low = middle
        middle = (low + high) / 2
    return middle


def _standard_error(deviation: float, trials: int, runs: int) -> float:
    return deviation * math.sqrt(1 / (trials - DROPPED) + 1 / (runs - DROPPED))


def _freedom(trials: int, runs: int) -> int:
    return trials - DROPPED + runs - DROPPED - 2
