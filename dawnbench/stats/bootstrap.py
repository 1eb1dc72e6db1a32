"""Bootstrap intervals: scipy's, made independent of the order and steady from call to call."""

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
"""Figures drawn at a time, which bounds the memory for a series of any length."""

Statistic = Callable[..., Any]
"""From arrays, along their last axis (numpy's `axis` keyword), to the figure."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A bootstrap 95 % interval, in the unit of the figure; a bound is infinite where the draws are."""

    low: float
    high: float

    def __contains__(self, value: float) -> bool:
        """Return whether the value lies within, the bounds included."""
        return self.low <= value <= self.high


def bootstrap_interval(
    samples: Sequence[Sequence[float] | np.ndarray], statistic: Statistic
) -> Interval | None:
    """Return the 95 % interval of a statistic of independent samples; None where one has fewer than two.

    Bias-corrected and accelerated (Efron 1987), and by plain percentiles where the correction is not defined,
    as with a sample without spread. A sample may be an array (n, k) of n trials with k figures each, which
    are drawn together; the statistic gets them as (k, ..., n).
    """
    arrays = [ordered(np.asarray(sample, dtype=float)) for sample in samples]
    if any(array.shape[0] < 2 for array in arrays):
        return None
    # Draw trial numbers and not figures, so that the figures of a trial stay together.
    numbers = [np.arange(array.shape[0]) for array in arrays]

    def of_numbers(*drawn: np.ndarray, axis: int = -1) -> Any:
        picked = [
            np.moveaxis(np.take(array, d, axis=0), -1, 0) if array.ndim > 1 else np.take(array, d)
            for array, d in zip(arrays, (d.astype(int, copy=False) for d in drawn), strict=True)
        ]
        with np.errstate(all="ignore"):
            return statistic(*picked, axis=axis)

    estimate = float(of_numbers(*numbers))
    corrected, draws = _draw(numbers, of_numbers)
    if corrected is not None and estimate in corrected:
        return corrected
    plain = _percentiles(draws)
    return Interval(min(plain.low, estimate), max(plain.high, estimate))


def ordered(array: np.ndarray) -> np.ndarray:
    """Return the trials in an order of their own, so that the draws do not hang on how they were listed."""
    return np.sort(array) if array.ndim == 1 else array[np.lexsort(array.T[::-1])]


def _draw(numbers: list[np.ndarray], statistic: Statistic) -> tuple[Interval | None, np.ndarray]:
    """Return the corrected interval, None where it is not defined, and the draws."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")  # scipy's word on samples without spread; the caller sees the NaN
        found = bootstrap(
            numbers,
            statistic,
            n_resamples=RESAMPLES,
            batch=max(1, _CELLS // max(len(n) for n in numbers)),
            method="BCa",
            rng=np.random.default_rng(SEED),
        )
    low, high = (float(bound) for bound in found.confidence_interval)
    undefined = math.isnan(low) or math.isnan(high)
    return None if undefined else Interval(low, high), found.bootstrap_distribution


def _percentiles(draws: np.ndarray) -> Interval:
    """Return the plain interval; a draw that is no number could be anything, and widens it on both sides.

    Between an infinite draw and a finite one numpy's interpolation has no answer, so the bounds are draws.
    """
    unknown = np.isnan(draws)
    low = np.quantile(np.where(unknown, -np.inf, draws), TAIL, method="lower")
    high = np.quantile(np.where(unknown, np.inf, draws), 1 - TAIL, method="higher")
    return Interval(float(low), float(high))
