"""Bootstrap intervals: scipy's, independent of the trials' order and the same on every call."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import bootstrap

RESAMPLES = 9_999
TAIL = 0.025
SEED = 0
"""The same trials give the same interval."""
_CELLS = 5_000_000
"""Values drawn at a time; this bounds the memory for any number of trials."""

Statistic = Callable[..., Any]
"""Reduces arrays along their last axis (numpy's `axis` keyword) to one value."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A bootstrap 95 % interval in the statistic's unit; a bound is infinite if the draws there are."""

    low: float
    high: float

    def __contains__(self, value: float) -> bool:
        """Return whether the value lies within the interval, bounds included."""
        return self.low <= value <= self.high


def bootstrap_interval(
    samples: Sequence[Sequence[float] | np.ndarray], statistic: Statistic
) -> Interval | None:
    """Return the 95 % interval of a statistic of independent samples; None if one has fewer than two trials.

    Bias-corrected and accelerated (Efron 1987), or by plain percentiles if the correction is undefined, as
    for a sample without spread. A sample may be an array (n, k) of n trials with k values each, which are
    drawn together; the statistic gets them as (k, ..., n).
    """
    arrays = [ordered(np.asarray(sample, dtype=float)) for sample in samples]
    if any(array.shape[0] < 2 for array in arrays):
        return None
    # Draw trial indices, not values, so that the values of one trial stay together.
    indices = [np.arange(array.shape[0]) for array in arrays]

    def of_indices(*drawn: np.ndarray, axis: int = -1) -> Any:
        picked = [
            np.moveaxis(np.take(array, d, axis=0), -1, 0) if array.ndim > 1 else np.take(array, d)
            for array, d in zip(arrays, (d.astype(int, copy=False) for d in drawn), strict=True)
        ]
        with np.errstate(all="ignore"):
            return statistic(*picked, axis=axis)

    estimate = float(of_indices(*indices))
    corrected, draws = _draw(indices, of_indices)
    if corrected is not None and estimate in corrected:
        return corrected
    plain = _percentiles(draws)
    return Interval(min(plain.low, estimate), max(plain.high, estimate))


def ordered(array: np.ndarray) -> np.ndarray:
    """Return the trials sorted, so that the draws do not depend on the order in which they were listed."""
    return np.sort(array) if array.ndim == 1 else array[np.lexsort(array.T[::-1])]


def _draw(indices: list[np.ndarray], statistic: Statistic) -> tuple[Interval | None, np.ndarray]:
    """Return the corrected interval, or None if it is undefined, and the draws."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")  # scipy warns of samples without spread; the caller sees the NaN
        found = bootstrap(
            indices,
            statistic,
            n_resamples=RESAMPLES,
            batch=max(1, _CELLS // max(len(n) for n in indices)),
            method="BCa",
            rng=np.random.default_rng(SEED),
        )
    low, high = (float(bound) for bound in found.confidence_interval)
    undefined = math.isnan(low) or math.isnan(high)
    return None if undefined else Interval(low, high), found.bootstrap_distribution


def _percentiles(draws: np.ndarray) -> Interval:
    """Return the percentile interval; a NaN draw could be anything, so it widens the interval on both sides.

    numpy cannot interpolate between a finite and an infinite draw, so the bounds are draws themselves.
    """
    unknown = np.isnan(draws)
    low = np.quantile(np.where(unknown, -np.inf, draws), TAIL, method="lower")
    high = np.quantile(np.where(unknown, np.inf, draws), 1 - TAIL, method="higher")
    return Interval(float(low), float(high))
