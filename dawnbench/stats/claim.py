"""The claim that a recipe's mean accuracy is at least its target, as airbench makes it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.special import stdtr

from dawnbench.stats.intervals import student_quantile

Standing = Literal["holds", "fails", "not settled"]

ALPHA = 0.05
POWER = 0.8
"""With as many trials as `settles_at` says, four campaigns in five settle the claim."""
MAX_TRIALS = 100_000


@dataclass(frozen=True, slots=True)
class Claim:
    """What some trials say about a mean accuracy."""

    target: float
    """0 to 1."""
    trials: int
    mean: float
    """0 to 1."""
    p_value: float | None
    """Of the one-sided t-test whose null hypothesis is a true mean below the target; None without spread."""
    standing: Standing
    """"holds" if p is below the level; "fails" if the opposite is shown at the level."""
    settles_at: int | None
    """How many trials would settle the claim if mean and spread stayed the same; None if it is settled, or
    if 100,000 trials would not settle it."""
    level: float = ALPHA
    """0.05, or less after `run --trials auto`, which looks at the claim more than once."""


def claim(accuracies: Sequence[float], target: float, level: float = ALPHA) -> Claim | None:
    """Test whether mean final accuracy (0 to 1) is at least the target; None if there are no accuracies."""
    values = np.sort(np.asarray(accuracies, dtype=float))
    if not values.size:
        return None
    mean = float(np.clip(values.mean(), values[0], values[-1]))
    if values.size < 2 or values[0] == values[-1]:
        # Without spread there is no test, but the mean is known all the same.
        return Claim(target, values.size, mean, None, "not settled", None, level)
    n = values.size
    variance = ((values - values.mean()) ** 2).mean() * (n / (n - 1))
    # To the last digit as scipy.stats.ttest_1samp, which takes half a second to import.
    p = float(stdtr(n - 1, -((values.mean() - target) / np.sqrt(variance / n))))
    if p < level:
        return Claim(target, values.size, mean, p, "holds", None, level)
    if 1 - p < level:
        return Claim(target, values.size, mean, p, "fails", None, level)
    effect = abs(mean - target) / float(values.std(ddof=1))
    return Claim(target, values.size, mean, p, "not settled", trials_to_settle(effect), level)


def trials_to_settle(effect: float) -> int | None:
    """Return how many trials show a mean `effect` standard deviations off the target, at a power of 0.8.

    By the noncentral t distribution (Cohen 1988); None if it takes more than 100,000.
    """
    from scipy.stats import nct  # takes half a second to import

    def power(n: int) -> float:
        found = float(nct.sf(student_quantile(ALPHA, n - 1), n - 1, effect * math.sqrt(n)))
        # scipy's tail is NaN when the power is practically 1.
        return 1.0 if math.isnan(found) else found

    if not math.isfinite(effect) or effect <= 0 or power(MAX_TRIALS) < POWER:
        return None
    low, high = 1, MAX_TRIALS
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if power(middle) >= POWER else (middle, high)
    return high
