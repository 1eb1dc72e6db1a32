"""A comparison's verdict as a sentence that a person can repeat, and what would settle an open one."""

from __future__ import annotations

import math
from dataclasses import dataclass

from dawnbench.records.trial_set import TrialSet
from dawnbench.stats.comparison.outcome import Comparison, TimeComparison
from dawnbench.stats.comparison.trials_needed import ALPHA, again


def verdict_sentence(comparison: Comparison) -> str:
    """Return which is faster and by how much, or that no difference was shown and how large it could be."""
    time = comparison.verdict
    reference, name = names(comparison)
    if time.word == "cannot tell with so few trials":
        return _open(comparison)
    tested = f" ({_tested(comparison)})"
    if time.word == "no difference shown":
        shown = f"No difference shown between {name} and {reference}"
        return f"{shown}: {_conflict(time, name) or _could_be(time)}{tested}"
    return f"{name} is {time.word} than {reference}: {_by(time)}{_outside(time)}{tested}"


@dataclass(frozen=True, slots=True)
class Remedy:
    """What would settle a comparison that had too few trials."""

    needs: str
    """How many more trials or pairs."""
    commands: tuple[str, ...]
    """What runs as many in all; empty if that is not known."""

    def __str__(self) -> str:
        """Return both in one line."""
        return self.needs + (f": {' && '.join(self.commands)}" if self.commands else "")


def remedy(comparison: Comparison) -> Remedy | None:
    """Return what would settle a comparison; None if there is a verdict, or if more trials would not help."""
    missing = comparison.verdict.missing
    if missing is None or not any(missing):
        return None
    both = (comparison.reference, comparison.other)
    if comparison.paired is not None:
        total = comparison.paired + missing[0]
        more = f"{_count(missing[0], 'more pair')}, {total} in all"
        commands = [_again(both[0], total)]
    else:
        totals = [n + m for n, m in zip(comparison.verdict.trials, missing, strict=True)]
        wanted = list(zip(names(comparison), both, missing, totals, strict=True))
        if missing[0] == missing[1] and totals[0] == totals[1]:
            more = f"{missing[0]} more a side, {totals[0]} in all"
        else:
            more = " and ".join(f"{m} more of {name}, {n} in all" for name, _, m, n in wanted if m)
        commands = [_again(one, n) for _, one, m, n in wanted if m]
    # Half of the commands would leave the other side behind.
    known = [command for command in dict.fromkeys(commands) if command is not None]
    return Remedy(f"needs {more}", () if None in commands else tuple(known))


def _again(series: TrialSet, trials: int) -> str | None:
    return again(series.command, trials, series.devices, series.nodes)


def names(comparison: Comparison) -> tuple[str, str]:
    """Return what to call the reference and the other: A and B in one campaign, otherwise by name."""
    both = (comparison.reference, comparison.other)
    if comparison.paired is None:
        return both[0].name, both[1].name
    sides = [series.pairing.side if series.pairing else series.name for series in both]
    return sides[0], sides[1]


def _open(comparison: Comparison) -> str:
    """Return what a comparison without a verdict looks like, and why that shows nothing."""
    time, (reference, name) = comparison.verdict, names(comparison)
    ratio = time.ratio
    if ratio is None or ratio.value == 1:
        seen, it = f"Neither {name} nor {reference} looks faster", "a difference"
    else:
        word = "faster" if ratio.value < 1 else "slower"
        seen, it = f"{name} looks {word} than {reference}: {_by(time)}", "it"
    if time.missing is None:
        return f"{seen}; no verdict, since {time.rule} counts one start that all trials of a run share"
    return f"{seen}; too few trials to show {it} ({_tested(comparison)})"


def _tested(comparison: Comparison) -> str:
    time = comparison.verdict
    if comparison.paired is None:
        trials = f"{_count(time.trials[1], 'trial')} against {time.trials[0]}"
        test, p = f"{trials}, Mann-Whitney's test", time.p_mann_whitney
    else:
        test, p = f"{_count(comparison.paired, 'pair')}, Wilcoxon's test", time.p_signed_rank
        if comparison.reference.stopping is not None and time.level:
            test += f" at a sequential bound of {time.level:.2g}"
    return test if p is None else f"{test}: p = {p:.2g}"


def _conflict(time: TimeComparison, name: str) -> str | None:
    """Return how ranks and means disagree; None if they do not."""
    ratio = time.ratio
    if ratio is None or ratio.interval is None or 1 in ratio.interval:
        return None
    faster = ratio.interval.high < 1
    ranks = f"trial by trial {name} is {'faster' if faster else 'slower'}{_bounds(time, ' (', ')')}"
    if any(time.missed):
        return f"{ranks}, but with the misses counted its mean time may not be: ratio {ratio.value:.4f}"
    return f"{ranks}, but a few outlying trials turn its mean around: ratio {ratio.value:.4f}"


def _by(time: TimeComparison) -> str:
    reference, other = time.seconds
    if other is None:
        return "it did not reach the target"
    if reference is None:
        return "only it reached the target"
    ratio = time.ratio
    if ratio is None:
        return "neither has a time"
    change = 100 * abs(ratio.value - 1)
    less = "less" if ratio.value < 1 else "more"
    return f"{change:.1f} % {less} time, ratio {ratio.value:.4f}{_bounds(time, ', ')}"


def _could_be(time: TimeComparison) -> str:
    if time.ratio is None:
        return "neither has a time"
    return f"ratio {time.ratio.value:.4f}{_bounds(time, ', ')}{_outside(time)}"


def _outside(time: TimeComparison) -> str:
    """Return why a ratio lies outside its interval, as part of a sentence; empty if it does not."""
    ratio = time.ratio
    if ratio is None or ratio.interval is None or ratio.value in ratio.interval or not _bounds(time, ","):
        return ""
    return ", which leaves the ratio outside, since outlying or missed trials move means more than ranks"


def _bounds(time: TimeComparison, before: str, after: str = "") -> str:
    interval = None if time.ratio is None else time.ratio.interval
    # Without a bound on either side, most trials of one side missed the target.
    if interval is None or interval.low == math.inf or interval.high == 0:
        return ""
    # Of `--trials auto` too: at the level of its look, the intervals of all looks hold together at this one.
    return f"{before}{100 * (1 - ALPHA):g} % interval {interval.low:.4f} to {interval.high:.4f}{after}"


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
