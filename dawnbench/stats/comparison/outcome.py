"""What comes of holding one series against another, and what may be said about it in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from dawnbench.records.trial_set import TrialSet
from dawnbench.stats.bootstrap import Interval
from dawnbench.stats.comparison.comparable import Differences

Word = Literal["faster", "slower", "no difference shown", "cannot tell with so few trials"]

ALPHA = 0.01
"""Of the rank test behind a verdict: of a hundred comparisons of a thing with itself, one may go wrong."""


@dataclass(frozen=True, slots=True)
class Ratio:
    """One figure over another, and how sure that is."""

    value: float
    """Infinite where only the denominator's trials reached the target; of pairs, where most did so."""
    interval: Interval | None
    """Bootstrap 95 %; None where one side has fewer than two trials."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One mean less another."""

    value: float
    interval: Interval | None
    """Bootstrap 95 %; None where one side has fewer than two trials."""


@dataclass(frozen=True, slots=True)
class TimeComparison:
    """The times of two series under one rule."""

    rule: str
    seconds: tuple[float | None, float | None]
    """The expected time to the target of the one and the other; None where no trial reached it."""
    trials: tuple[int, int]
    missed: tuple[int, int]
    """Of these trials."""
    ratio: Ratio | None
    """The other's time over the first's; None where neither reached the target or one has no trial."""
    p_mann_whitney: float | None
    """Two-sided; a trial that missed the target is the slowest. None where a side has no trial."""
    p_welch: float | None
    """Of the times of the trials that reached the target; None where a side has fewer than two of them."""
    p_signed_rank: float | None
    """Of the pairs, where the trials were run in pairs; it decides there."""
    word: Word


@dataclass(frozen=True, slots=True)
class Comparison:
    """One series held against another, the reference."""

    reference: TrialSet
    other: TrialSet
    paired: int | None
    """How many pairs of trials; None where the trials were not run in pairs."""
    times: tuple[TimeComparison, ...]
    """One a rule that both report; the first is that of the verdict."""
    accuracy: Difference | None
    """In percentage points, the other's less the reference's."""
    p_accuracy: float | None
    """Welch's."""
    energy: Ratio | None
    differences: Differences

    @property
    def verdict(self) -> TimeComparison:
        """The comparison under the rule that was asked for."""
        return self.times[0]


def word(ratio: Ratio | None, p_faster: float, p_slower: float, could_tell: bool) -> Word:
    """Return the verdict: a difference needs p below 0.01 and an interval of the ratio that leaves 1 out.

    The two p-values are the rank test's one-sided ones; the one on the ratio's side decides, at half of 0.01.
    Where ranks and ratio lie on different sides (mostly faster, but with misses that cost more than that
    saves), neither word would be true.
    """
    if not could_tell:
        return "cannot tell with so few trials"
    if ratio is None or ratio.interval is None or 1 in ratio.interval:
        return "no difference shown"
    p = p_faster if ratio.value < 1 else p_slower
    if 2 * p >= ALPHA:
        return "no difference shown"
    return "faster" if ratio.value < 1 else "slower"
