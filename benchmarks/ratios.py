"""The ratio of two figures measured in pairs, and how sure it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np

from dawnbench.stats.bootstrap import bootstrap_interval


@dataclass(frozen=True)
class Ratio:
    """The median of the pairs' ratios, with the 95 % bootstrap interval of that median."""

    median: float
    low: float
    high: float
    pairs: int

    @property
    def width(self) -> float:
        return self.high - self.low

    def __str__(self) -> str:
        return f"{self.median:.4f} (95 % interval {self.low:.4f} to {self.high:.4f}, {self.pairs} pairs)"


def paired_ratio(numerators: Sequence[float], denominators: Sequence[float]) -> Ratio:
    """Return the ratio of figures that were measured one beside the other, pair by pair."""
    ratios = [a / b for a, b in zip(numerators, denominators, strict=True)]
    middle, interval = median(ratios), bootstrap_interval([ratios], np.median)
    return Ratio(
        middle,
        middle if interval is None else interval.low,
        middle if interval is None else interval.high,
        len(ratios),
    )
