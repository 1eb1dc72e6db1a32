"""What the ratio of two steps' times says."""

from __future__ import annotations

import math
from dataclasses import dataclass

from benchmarks.against.measurement import Measured
from benchmarks.ratios import Ratio

SLOWDOWN = 0.03
"""The least that is to be found, and the widest interval by which it can be."""
SAME, SLOWER, UNSURE = 0, 1, 2
"""The exit status of each."""


@dataclass(frozen=True)
class Verdict:
    """What is said of one recipe."""

    status: int
    sentence: str


def judge(recipe: str, measured: Measured) -> Verdict:
    """Return whether the step became slower by 3 %.

    It did where the whole interval is of slower steps and the ratio reaches 3 %, or a narrow interval does:
    else half of all slowdowns of just 3 % would pass.
    """
    ratio = measured.ratio
    told = f"{percent(ratio.median)} ({percent(ratio.low)} to {percent(ratio.high)})"
    narrow, slower = ratio.width <= SLOWDOWN, ratio.low > 1
    if slower and (ratio.median >= 1 + SLOWDOWN or (narrow and ratio.high >= 1 + SLOWDOWN)):
        return Verdict(SLOWER, f"{recipe}: SLOWER by {told}")
    if not narrow:
        return Verdict(UNSURE, f"{recipe}: cannot tell: {told}; --pairs {enough(ratio)} may")
    if ratio.high < 1 and ratio.median <= 1 - SLOWDOWN:
        return Verdict(SAME, f"{recipe}: faster by {told}")
    return Verdict(SAME, f"{recipe}: no slowdown of {SLOWDOWN:.0%}: {told}")


def enough(ratio: Ratio) -> int:
    """Return how many pairs make the interval narrow: its width falls with the root of their number."""
    return max(ratio.pairs + 1, math.ceil(ratio.pairs * (ratio.width / SLOWDOWN) ** 2))


def percent(ratio: float) -> str:
    return f"{ratio - 1:+.1%}"
