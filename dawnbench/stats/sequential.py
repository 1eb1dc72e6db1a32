"""Stopping rules for `--trials auto`: how many trials are enough, without looking too often for luck.

A test repeated after every trial until it comes out significant is wrong far more often than its level says.
Here the level is spent over the looks instead: alpha * t by the time a share t of the trials has been run
(the third spending function of Lan and DeMets 1983, Biometrika 70:659; rho = 1 in Kim and DeMets 1987,
Biometrika 74:149). The bounds follow by recursive integration of a random walk (Armitage, McPherson and Rowe
1969, JRSS A 132:235) and are applied as nominal levels to whatever test is used: the significance level
approach of Jennison and Turnbull (2000, Group Sequential Methods, chapters 3 and 7). Because there is a look
after every trial, the bounds hold wherever a run stops, also when it is interrupted.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from statistics import NormalDist
from typing import Literal

import numpy as np

from dawnbench.errors import DawnbenchError
from dawnbench.records.rules import known_rule, shares_start
from dawnbench.records.schema import Question
from dawnbench.stats.intervals import student_quantile

DEFAULT_MAX_TRIALS = 40
LARGEST_MAX_TRIALS = 1000
MIN_TRIALS: dict[Question, int] = {"verdict": 8, "claim": 8, "interval": 10}
"""With fewer pairs no signed-rank test gives a p-value below 0.01. The other two estimate a spread first."""
VERDICT_ALPHA = 0.01
"""Both sides together, as in a campaign of a fixed size."""
CLAIM_ALPHA = 0.045
"""Of each side. Less than the 0.05 of a fixed number of trials, because a t statistic of few trials crosses
bounds derived from the normal distribution slightly too often; simulations come to 0.05."""
INTERVAL_ALPHA = 0.05
"""Of the interval of the mean time."""

_STEP = 0.1
"""Of the grid on which the random walk's density is kept, in standard deviations of one trial."""
_REACH = 8
"""Standard deviations beyond which a density counts as zero."""


@dataclass(frozen=True, slots=True)
class AutoTrials:
    """Go on until a question is settled: the verdict of a comparison, or the claim or mean time of a run.

    Raises:
        DawnbenchError: a value is out of bounds, or the rule gives no trial a time of its own.
    """

    until: float | None = None
    """For a run, the half-width of the mean time's 95 % interval to reach, as a share of the mean; without it
    the run goes on until the accuracy claim is settled. For a comparison, the margin of no difference: it
    also stops once the ratio's interval lies within this share of 1."""
    max_trials: int = DEFAULT_MAX_TRIALS
    """Trials, or pairs, after which it stops in any case."""
    max_minutes: float | None = None
    """Minutes after which no further trial begins; None for no limit."""
    rule: str = "dawnbench"
    """The timing rule that the question is about."""

    def __post_init__(self) -> None:
        if self.until is not None and not 0 < self.until < 1:
            raise DawnbenchError(
                f"--until {100 * self.until:g}% is not between 0 and 100 %; give a share such as 1%"
            )
        if self.max_minutes is not None and not 0 < self.max_minutes < math.inf:
            raise DawnbenchError(f"--max-minutes {self.max_minutes:g} is not a time; give a number above 0")
        if shares_start(known_rule(self.rule).name):
            raise DawnbenchError(
                f"--trials auto cannot go by the rule {self.rule}: all trials of a run share one start"
            )

    def question(self, kind: Literal["run", "ab"]) -> Question:
        """Return what is to be settled: of a run the interval if there is an `until`, else the claim."""
        if kind == "ab":
            return "verdict"
        return "claim" if self.until is None else "interval"

    def check(self, question: Question) -> None:
        """Refuse a largest number of trials that cannot settle the question.

        Raises:
            DawnbenchError: it is too small, or larger than this module computes bounds for.
        """
        least, what = MIN_TRIALS[question], "pairs" if question == "verdict" else "trials"
        if not least <= self.max_trials <= LARGEST_MAX_TRIALS:
            why = {
                "verdict": "a verdict takes at least that many",
                "claim": "the accuracy claim takes at least that many",
                "interval": "an interval from fewer is too uncertain to stop by",
            }[question]
            raise DawnbenchError(
                f"--max-trials {self.max_trials} is not from {least} to {LARGEST_MAX_TRIALS} {what}: {why}"
            )


Spending = Callable[[float], float]
"""Which share of the level is spent when a share of the trials has been run; 1 at 1."""


def evenly(share: float) -> float:
    """Spend the level evenly over the trials."""
    return share


def pocock_type(share: float) -> float:
    """Spend early, as Pocock's (1977) bounds do; the second function of Lan and DeMets (1983)."""
    return math.log(1 + (math.e - 1) * share)


def bounds(looks: Sequence[int], most: int, alpha: float, spending: Spending = evenly) -> tuple[float, ...]:
    """Return the nominal two-sided level of the test at each look; `looks` are numbers of trials, ascending.

    The probability that a random walk of `most` steps without drift falls below the level at any of the looks
    is `alpha` times what is spent at the last one.
    """
    half = math.ceil(_REACH * math.sqrt(looks[-1]) / _STEP)
    places = _STEP * np.arange(-half, half + 1)
    density = np.where(places == 0, 1 / _STEP, 0.0)
    levels, spent, before = [], 0.0, 0
    for look in looks:
        reach = min(half, math.ceil(_REACH * math.sqrt(look - before) / _STEP))
        kernel = np.exp(-((_STEP * np.arange(-reach, reach + 1)) ** 2) / (2 * (look - before)))
        density = np.convolve(density, kernel / kernel.sum(), "same")
        to_spend = alpha * spending(look / most) - spent
        bound = _bound(places[half:], density[half:], to_spend)
        density *= np.clip((bound - np.abs(places)) / _STEP + 0.5, 0, 1)
        levels.append(2 * NormalDist().cdf(-bound / math.sqrt(look)))
        spent, before = spent + to_spend, look
    return tuple(levels)


def _bound(places: np.ndarray, density: np.ndarray, probability: float) -> float:
    """Return the place beyond which, on both sides together, a symmetric density has this probability."""
    cells = 2 * _STEP * density
    beyond = np.cumsum(cells[::-1])[::-1] - cells / 2
    after = int(np.searchsorted(-beyond, -probability))
    high, low = math.log(beyond[after - 1]), math.log(beyond[after])
    return float(places[after - 1] + _STEP * (high - math.log(probability)) / (high - low))


@lru_cache(maxsize=16)
def _levels(first: int, most: int, alpha: float) -> tuple[float, ...]:
    return bounds(range(first, most + 1), most, alpha)


def level_after(trials: int, first: int, most: int, alpha: float) -> float:
    """Return the two-sided level of the test after so many trials, with a look after every one from `first`.

    0, which no p-value is below, before the first look and beyond `most`, which is 1000 or less.
    """
    planned = first <= trials <= most <= LARGEST_MAX_TRIALS
    return _levels(first, most, alpha)[trials - first] if planned else 0.0


def first_look(question: Question, most: int) -> int:
    """Return after how many trials, or pairs, a question is first asked.

    Of a verdict: when the smallest p-value of a signed-rank test, 2 ** (1 - pairs), is within what may be
    spent by then. An earlier look could only waste some of the level.
    """
    if question != "verdict":
        return MIN_TRIALS[question]
    pairs = range(MIN_TRIALS["verdict"], most + 1)
    return next(n for n in pairs if 2.0 ** (1 - n) <= VERDICT_ALPHA * evenly(n / most))


def fixed_width_share(values: Sequence[tuple[float, float]]) -> float | None:
    """Return the half-width of a mean's 95 % interval over the mean, as `--until` compares it.

    `values` are what each trial spent and whether it succeeded (1 or 0); the mean is the expected time, the
    total over the number of successes, and the spread that of the ratio (linearised). Sampling until this
    share is small enough covers the mean with the nominal probability in the limit (Chow and Robbins 1965,
    Ann. Math. Statist. 36:457). With few trials it would stop too early, whenever the spread happens to look
    small; so the interval is Student's and widened by 2 / n, a correction of the order that Woodroofe (1977,
    Ann. Statist. 5:984) derives. None with fewer than two trials, without a success or for a mean of zero.
    """
    spent, success = np.array(values, dtype=float).reshape(-1, 2).T
    n, total = len(spent), float(success.sum())
    if n < 2 or not total or not spent.sum():
        return None
    mean = spent.sum() / total
    deviation = float(np.std((spent - mean * success) * n / total, ddof=1))
    half_width = student_quantile(INTERVAL_ALPHA / 2, n - 1) * deviation / math.sqrt(n)
    return float(half_width / mean * (1 + 2 / n))
