"""Sides that take turns, and the ratio of what they took with the package's own interval."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TypeVar

import numpy as np

from dawnbench.stats.comparison.inversion import paired_ratio_interval
from dawnbench.stats.comparison.outcome import Ratio
from dawnbench.stats.ranks import least_signed_rank_p_value

LEVEL = 0.05

Side = TypeVar("Side")


def abba(sides: Sequence[Side], turn: int) -> Sequence[Side]:
    """Return the order in turn number `turn`: every second one goes backwards.

    A machine that slows steadily then slows all sides alike.
    """
    return sides if turn % 2 == 0 else sides[::-1]


def paired_ratio(numerators: Sequence[float], denominators: Sequence[float]) -> Ratio:
    """Return the median of the pairs' ratios with its 95 % interval, which takes six pairs."""
    ratios = [a / b for a, b in zip(numerators, denominators, strict=True)]
    enough = least_signed_rank_p_value(len(ratios)) < LEVEL
    return Ratio(float(np.median(ratios)), paired_ratio_interval(ratios, LEVEL) if enough else None)


def width(ratio: Ratio) -> float:
    return math.inf if ratio.interval is None else ratio.interval.high - ratio.interval.low


def shown(ratio: Ratio) -> str:
    if ratio.interval is None:
        return f"{ratio.value:.4f}"
    return f"{ratio.value:.4f} (95 % interval {ratio.interval.low:.4f} to {ratio.interval.high:.4f})"
