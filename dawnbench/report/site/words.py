"""Figures of a site in the few words of a table's cell."""

from __future__ import annotations

from dawnbench.report.page import Cell
from dawnbench.report.site.state import Finding
from dawnbench.report.units import percent, significant
from dawnbench.stats.entries import Entry, RuleTime

SHORT = {"no difference shown": "no difference", "cannot tell with so few trials": "too few trials"}


def change(ratio: float) -> str:
    """Return a ratio as a change: +5.2 %."""
    return f"{100 * (ratio - 1):+.1f} %"


def finding(found: Finding | None) -> str:
    """Return a verdict with its size."""
    if found is None:
        return "-"
    word = SHORT.get(found.word, found.word)
    return word if found.ratio is None else f"{word}, {change(found.ratio)}"


def figure(value: float | None) -> Cell:
    """Return a time that sorts as a number."""
    return Cell("-") if value is None else Cell(significant(value), value)


def accuracy(entry: Entry) -> Cell:
    """Return the mean final accuracy."""
    return Cell(percent(entry.accuracy), entry.accuracy)


def claim(entry: Entry) -> Cell:
    """Return whether the mean accuracy is at least the target."""
    if entry.claim is None:
        return Cell("-")
    return Cell(entry.claim.standing)


def reached(entry: Entry) -> Cell:
    """Return how many trials reached the target, of those that count."""
    share = entry.reached / entry.trials if entry.trials else None
    return Cell(f"{entry.reached} of {entry.trials}", share)


def with_interval(time: RuleTime) -> Cell:
    """Return an expected time with its 95 % interval."""
    if time.expected is None or time.low is None:
        return figure(time.expected)
    bounds = f"{significant(time.low)} to {'∞' if time.high is None else significant(time.high)}"
    return Cell(f"{significant(time.expected)} ({bounds})", time.expected)


def day(created: str) -> str:
    """Return date and minute of an ISO time."""
    return created[:16].replace("T", " ")


def count(number: int, what: str) -> str:
    """Return a number of things."""
    return f"{number:,} {what if number == 1 or what == 'series' else what + 's'}"
