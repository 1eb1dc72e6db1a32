"""MLPerf's reference convergence points, as the rcp_checker of MLCommons' logging package computes them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtr, stdtrit

ALPHA = 0.05
SLOW_ALPHA = 0.01
"""On the slow side, which is ours: the gates beside it look at slowness too, and false alarms add up."""
TOLERANCE = 1e-4
"""Of the bisection, in epochs."""
DROPPED = 2
"""The best and the worst."""
LEAST = DROPPED + 1


@dataclass(frozen=True, slots=True)
class ConvergencePoint:
    """What the epochs to target of a reference's trials let a number of further trials come to."""

    mean: float
    """Olympic mean of the reference, in epochs."""
    std: float
    """Population standard deviation of all of the reference's trials, in epochs."""
    minimum: float
    """The smallest olympic mean of `runs` trials that can be believed, in epochs."""
    maximum: float
    """The largest one at 0.01, in epochs. Ours, not MLPerf's, which only asks who converges too fast."""
    max_speedup: float
    """`mean` over `minimum`."""
    runs: int
    """How many trials are to be judged, the two that are dropped included."""


def olympic_mean(epochs: Sequence[float]) -> float:
    """Return the mean without one best and one worst figure, in the unit of the figures.

    A figure may be infinite: a trial that missed its target; two of them make the mean infinite.

    Raises:
        ValueError: there are fewer than three figures, or one is not a number.
    """
    if len(epochs) < LEAST or any(math.isnan(figure) for figure in epochs):
        raise ValueError(f"an olympic mean takes at least {LEAST} figures, each a number, not {list(epochs)}")
    kept = sorted(epochs)[1:-1]
    # A mean of equal figures may come out beside them by one rounding.
    return min(max(float(np.mean(kept)), kept[0]), kept[-1])


def reference_point(epochs: Sequence[float], runs: int) -> ConvergencePoint:
    """Return the convergence point of a reference's epochs to target for `runs` trials to be judged.

    The minimum is the smallest mean that a one-sided pooled t-test at 0.05 does not tell from the
    reference's, both sides taken to have the reference's deviation and two trials fewer than they are, found
    by bisection between 0 and the mean to 1e-4. For [16, 14, 16, 17, 16, 16, 15, 16, 15, 16] and 5 runs it is
    14.78. The maximum, which is ours, is the largest by the same test at 0.01 on the other side. Without any
    spread both are the mean. Source: `RCP_Checker.compute_rcp_stats` and `_find_min_acceptable_mean` of
    mlcommons/logging.

    Raises:
        ValueError: there are fewer than three figures, one is not finite or not above zero, `runs` is below
            three, or both are three, which leaves the test no degree of freedom.
    """
    if not all(math.isfinite(figure) and figure > 0 for figure in epochs):
        raise ValueError(f"a reference's epochs are finite and above zero, not {list(epochs)}")
    if min(len(epochs), runs) < LEAST or len(epochs) + runs == 2 * LEAST:
        raise ValueError(
            f"{len(epochs)} trials of a reference and {runs} to be judged are too few for a convergence "
            f"point; it takes {LEAST} of each, and more on one side"
        )
    return point_of(olympic_mean(epochs), float(np.std(sorted(epochs))), len(epochs), runs)


def point_of(mean: float, deviation: float, trials: int, runs: int) -> ConvergencePoint:
    """Return the point of a reference of so many `trials` by its olympic mean and its deviation."""
    error = _standard_error(deviation, trials, runs)
    freedom = _freedom(trials, runs)
    minimum = _bisect(mean, error, freedom) if deviation else mean
    maximum = mean - error * float(stdtrit(freedom, SLOW_ALPHA))
    return ConvergencePoint(mean, deviation, minimum, maximum, mean / minimum, runs)


def p_value(mean: float, point: ConvergencePoint, trials: int) -> float:
    """Return the one-sided p-value of that pooled t-test, on the side where `mean` lies.

    `trials` is the number of the reference's. The point's deviation is not zero.
    """
    error = _standard_error(point.std, trials, point.runs)
    return float(stdtr(_freedom(trials, point.runs), -abs(mean - point.mean) / error))


def _bisect(mean: float, error: float, freedom: int) -> float:
    low, high = 0.0, mean
    middle = (low + high) / 2
    # Of figures beyond 1e11 the floats lie further apart than the tolerance.
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
