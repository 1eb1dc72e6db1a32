"""The outcome of a comparison, and the word that sums it up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from dawnbench.records.trial_set import TrialSet
from dawnbench.stats.comparison.comparable import Differences
from dawnbench.stats.comparison.trials_needed import ALPHA
from dawnbench.stats.intervals import Interval

Word = Literal["faster", "slower", "no difference shown", "cannot tell with so few trials"]


@dataclass(frozen=True, slots=True)
class Ratio:
    """One value over another, and how certain that is."""

    value: float
    """Of the means, with misses counted; infinite if only the denominator's trials reached the target."""
    interval: Interval | None
    """99 %, by the rank test that decides: the ratios that it does not reject. None with so few trials that
    it could not reject any."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One mean minus another."""

    value: float
    interval: Interval | None
    """99 %, Welch's; None if a side has fewer than two trials or neither has a spread."""


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
    missing: tuple[int, int] | None
    """How many more trials of each side a verdict takes at least, the reference first; None if no number
    would do, since a rule counts a start that all trials share."""
    level: float = ALPHA
    """Below which the p-value that decides must be; the ratio's interval is that of 1 - `level`."""


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


def word(ratio: Ratio | None, could_tell: bool, means_differ: bool = True) -> Word:
    """Return the verdict: a difference needs an interval that excludes 1 and a ratio on the same side of 1.

    `means_differ` says whether the means, with misses counted, can be told apart. If ranks and means disagree
    (mostly faster, but with misses that cost more than that saves), neither "faster" nor "slower" would be
    true.
    """
    if not could_tell:
        return "cannot tell with so few trials"
    if ratio is None or ratio.interval is None or 1 in ratio.interval or not means_differ:
        return "no difference shown"
    if ratio.interval.high < 1:
        return "faster" if ratio.value < 1 else "no difference shown"
    return "slower" if ratio.value > 1 else "no difference shown"
