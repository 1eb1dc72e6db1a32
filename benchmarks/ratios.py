"""The ratio of two figures measured in pairs, with the package's own bootstrap interval."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from dawnbench.stats.bootstrap import bootstrap_interval
from dawnbench.stats.comparison.outcome import Ratio


def paired_ratio(numerators: Sequence[float], denominators: Sequence[float]) -> Ratio:
    """Return the median of the pairs' ratios."""
    ratios = [a / b for a, b in zip(numerators, denominators, strict=True)]
    return Ratio(float(np.median(ratios)), bootstrap_interval([ratios], np.median))


def width(ratio: Ratio) -> float:
    return math.inf if ratio.interval is None else ratio.interval.high - ratio.interval.low


def shown(ratio: Ratio) -> str:
    if ratio.interval is None:
        return f"{ratio.value:.4f}"
    return f"{ratio.value:.4f} (95 % interval {ratio.interval.low:.4f} to {ratio.interval.high:.4f})"
