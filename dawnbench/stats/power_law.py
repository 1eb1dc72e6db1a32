"""Scaling laws: a power law in a size, and Amdahl's law for threads or devices."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class PowerLaw:
    """y = y_middle * (x / x_middle) ** exponent; anchored amid the points, since x = 1 may be far off."""

    x_middle: float
    """The geometric mean of the points' x."""
    y_middle: float
    """The geometric mean of their y, in its unit."""
    exponent: float
    r_squared: float
    """The share of the variance of log y that the law explains, 0 to 1; 1 if log y does not vary."""
    low: float | None
    """Lower bound of the exponent's 95 % interval; None with fewer than three points."""
    high: float | None
    """Upper bound."""

    def at(self, x: float) -> float:
        """Return y."""
        return float(self.y_middle * (x / self.x_middle) ** self.exponent)


def fit_power_law(x: Sequence[float], y: Sequence[float]) -> PowerLaw | None:
    """Fit the law by least squares on the logarithms; None with fewer than two different x.

    The interval is that of the slope in ordinary regression, by Student's t with n - 2 degrees of freedom.

    Raises:
        ValueError: a value is not above 0, or x and y differ in length.
    """
    across, up = _logarithms(x), _logarithms(y)
    if across.size != up.size:
        raise ValueError(f"{across.size} x and {up.size} y do not pair up; give as many of each")
    if np.unique(across).size < 2:
        return None
    offsets, rises = across - across.mean(), up - up.mean()
    spread = float(offsets @ offsets)
    exponent = float(offsets @ rises) / spread
    rest = rises - exponent * offsets
    left, total = float(rest @ rest), float(rises @ rises)
    freedom = across.size - 2
    margin = None
    if freedom > 0:
        error = math.sqrt(left / freedom / spread)
        margin = float(stdtrit(freedom, 0.5 + CONFIDENCE / 2)) * error
    return PowerLaw(
        x_middle=math.exp(across.mean()),
        y_middle=math.exp(up.mean()),
        exponent=exponent,
        r_squared=max(0.0, 1 - left / total) if total else 1.0,
        low=None if margin is None else exponent - margin,
        high=None if margin is None else exponent + margin,
    )


@dataclass(frozen=True, slots=True)
class AmdahlLaw:
    """seconds = alone * (serial + (1 - serial) / threads), after Amdahl 1967."""

    alone: float
    """Seconds with one thread."""
    serial: float
    """The share of them that more threads do not shorten, 0 to 1."""

    def at(self, threads: float) -> float:
        """Return the seconds with this number of threads."""
        return self.alone * (self.serial + (1 - self.serial) / threads)


def fit_amdahl(threads: Sequence[float], seconds: Sequence[float]) -> AmdahlLaw | None:
    """Fit the law by least squares, its share kept within 0 to 1; None with fewer than two thread counts.

    Raises:
        ValueError: a value is not above 0, or the two differ in length.
    """
    inverse, times = np.exp(-_logarithms(threads)), np.exp(_logarithms(seconds))
    if inverse.size != times.size:
        raise ValueError(
            f"{inverse.size} thread counts and {times.size} times do not pair up; give as many of each"
        )
    if np.unique(inverse).size < 2:
        return None
    offsets = inverse - inverse.mean()
    shared = float(offsets @ times) / float(offsets @ offsets)
    serial = float(times.mean()) - shared * float(inverse.mean())
    if serial < 0:  # more than n times as fast with n threads
        return AmdahlLaw(float(inverse @ times) / float(inverse @ inverse), 0.0)
    if shared < 0:  # slower with more threads
        return AmdahlLaw(float(times.mean()), 1.0)
    return AmdahlLaw(serial + shared, serial / (serial + shared))


def _logarithms(values: Sequence[float]) -> np.ndarray:
    array = np.asarray(values, dtype=float)
    if not (np.isfinite(array) & (array > 0)).all():
        raise ValueError("a scaling law takes finite values above 0")
    logarithms: np.ndarray = np.log(array)
    return logarithms
