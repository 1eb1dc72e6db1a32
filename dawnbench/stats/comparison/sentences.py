"""A comparison's verdict as a sentence that a person can repeat."""

from __future__ import annotations

import math

from dawnbench.stats.comparison.outcome import Comparison, Ratio, TimeComparison


def verdict_sentence(comparison: Comparison) -> str:
    """Return which is faster and by how much, or that no difference was shown and how large it could be."""
    time = comparison.verdict
    if comparison.paired is None:
        test, p = _unpaired(time), time.p_mann_whitney
    else:
        test, p = f"{_count(comparison.paired, 'pair')}, Wilcoxon's test", time.p_signed_rank
        if comparison.reference.stopping is not None and time.level:
            test += f" at a sequential bound of {time.level:.2g}"
    tested = f"{test}: p = {p:.2g}" if p is not None else test
    reference, name = names(comparison)
    if time.word == "cannot tell with so few trials":
        return f"Cannot tell with so few trials whether {name} is faster than {reference} ({tested})"
    if time.word == "no difference shown":
        conflict = "" if p is None or p >= time.level else "; ranks and times disagree"
        shown = f"No difference shown between {name} and {reference}"
        return f"{shown}: {_could_be(time.ratio)} ({tested}{conflict})"
    return f"{name} is {time.word} than {reference}: {_by(time)} ({tested})"


def names(comparison: Comparison) -> tuple[str, str]:
    """Return what to call the reference and the other: A and B in one campaign, otherwise by name."""
    both = (comparison.reference, comparison.other)
    if comparison.paired is None:
        return both[0].name, both[1].name
    sides = [series.pairing.side if series.pairing else series.name for series in both]
    return sides[0], sides[1]


def _unpaired(time: TimeComparison) -> str:
    return f"{_count(time.trials[1], 'trial')} against {time.trials[0]}, Mann-Whitney's test"


def _by(time: TimeComparison) -> str:
    reference, other = time.seconds
    if other is None:
        return "it did not reach the target"
    if reference is None:
        return "only it reached the target"
    ratio = time.ratio
    # Of pairs, where one side missed the target in more than half of them.
    if ratio is None or not math.isfinite(ratio.value):
        return "it missed the target when the other reached it"
    if ratio.value == 0:
        return "it reached the target when the other missed it"
    change = abs(ratio.value - 1)
    return f"{100 * change:.1f} % {'less' if ratio.value < 1 else 'more'} time, ratio {_with_interval(ratio)}"


def _could_be(ratio: Ratio | None) -> str:
    return "neither has a time" if ratio is None else f"ratio {_with_interval(ratio)}"


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _with_interval(ratio: Ratio) -> str:
    if ratio.interval is None:
        return f"{ratio.value:.4f}"
    return f"{ratio.value:.4f}, 95 % interval {ratio.interval.low:.4f} to {ratio.interval.high:.4f}"
