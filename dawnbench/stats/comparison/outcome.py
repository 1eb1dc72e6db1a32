"""The outcome of a comparison, and the word that sums it up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from dawnbench.records.trial_set import TrialSet
from dawnbench.stats.bootstrap import Interval
from dawnbench.stats.comparison.comparable import Differences

Word = Literal["faster", "slower", "no difference shown", "cannot tell with so few trials"]

ALPHA = 0.01
"""Of the rank test behind a verdict: in a hundred comparisons of a thing with itself, one may go wrong."""


@dataclass(frozen=True, slots=True)
class Ratio:
    """One value over another, and how certain that is."""

    value: float
    """Infinite if only the denominator's trials reached the target; for pairs, if that is so in most."""
    interval: Interval | None
    """Bootstrap 95 %; None if one side has fewer than two trials."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One mean minus another."""

    value: float
    interval: Interval | None
    """Bootstrap 95 %; None if one side has fewer than two trials."""


@dataclass(frozen=True, slots=True)
class TimeComparison:
    """The times of a reference and another set of trials under one rule."""

    rule: str
    seconds: tuple[float | None, float | None]
    """Expected time to the target, the reference first; None if no trial reached it."""
    trials: tuple[int, int]
    missed: tuple[int, int]
    """How many of these trials missed the target."""
    ratio: Ratio | None
    """The other's time over the reference's; None if neither reached the target or one has no trials."""
    p_mann_whitney: float | None
    """Two-sided; a trial that missed the target ranks slowest. None if a side has no trials."""
    p_welch: float | None
    """For the times of the trials that reached the target; None if a side has fewer than two of them."""
    p_signed_rank: float | None
    """For trials run in pairs, where it decides; None otherwise."""
    word: Word
    level: float = ALPHA
    """Which the p-value that decides must be below; less than 0.01 after `ab --trials auto`, which looks at
    it more than once."""
    pairs: int | None = None
    """Of trials run in pairs, how many say something about speed; None otherwise."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """One set of trials compared with another, the reference."""

    reference: TrialSet
    other: TrialSet
    paired: int | None
    """How many pairs of trials; None if the trials were not run in pairs."""
    times: tuple[TimeComparison, ...]
    """One per rule that both report; the first is that of the verdict."""
    accuracy: Difference | None
    """In percentage points, the other's minus the reference's."""
    p_accuracy: float | None
    """Welch's."""
    energy: Ratio | None
    differences: Differences

    @property
    def verdict(self) -> TimeComparison:
        """The comparison under the rule that was asked for."""
        return self.times[0]


def word(
    ratio: Ratio | None, p_faster: float, p_slower: float, could_tell: bool, level: float = ALPHA
) -> Word:
    """Return the verdict: a difference needs p below the level and an interval of the ratio that excludes 1.

    The two p-values are the rank test's one-sided ones; the one on the ratio's side decides, at half the
    level. If ranks and ratio disagree (mostly faster, but with misses that cost more than that saves),
    neither "faster" nor "slower" would be true.
    """
    if not could_tell:
        return "cannot tell with so few trials"
    if ratio is None or ratio.interval is None or 1 in ratio.interval:
        return "no difference shown"
    p = p_faster if ratio.value < 1 else p_slower
    if 2 * p >= level:
        return "no difference shown"
    return "faster" if ratio.value < 1 else "slower"
