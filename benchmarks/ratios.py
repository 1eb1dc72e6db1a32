"""The ratio of two figures measured in pairs, and how sure it is."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

RESAMPLES = 2_000


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
    """Return the ratio of figures that were measured one beside the other, pair by pair.

    The interval is the percentile bootstrap of the median over the pairs (Efron and Tibshirani 1993).
    """
    ratios = [a / b for a, b in zip(numerators, denominators, strict=True)]
    draw = random.Random(0)  # the same pairs give the same interval
    medians = sorted(median(draw.choices(ratios, k=len(ratios))) for _ in range(RESAMPLES))
    return Ratio(
        median(ratios), medians[RESAMPLES * 25 // 1000], medians[RESAMPLES * 975 // 1000 - 1], len(ratios)
    )
