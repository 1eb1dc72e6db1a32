"""The history of each series of a site, as its pages show it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from dawnbench.records.identity import RunIdentity, recipe_labels
from dawnbench.report.site.names import series_page
from dawnbench.stats.entries import Entry, histories
from dawnbench.stats.history import Step, step_changes


@dataclass(frozen=True, slots=True)
class Level:
    """Successive runs whose times lie on one level."""

    runs: tuple[Entry, ...]
    seconds: tuple[float, ...]
    """The median of each run, as long as `runs`."""
    step: Step | None
    """What leads to it; None for the first."""


@dataclass(frozen=True, slots=True)
class Timeline:
    """One series of a site."""

    key: RunIdentity
    label: str
    """The recipe's name and what was changed in it, with the digest if two of one device would look alike."""
    page: str
    runs: tuple[Entry, ...]
    """The oldest first."""
    levels: dict[str, tuple[Level, ...]]
    """By rule; none of a rule that gives no run a time."""

    @property
    def title(self) -> str:
        """The recipe and its device."""
        return f"{self.label} on {self.key.device_name}"

    def steps(self, rule: str) -> tuple[Level, ...]:
        """Return the levels that a step leads to, by a rule."""
        return self.levels.get(rule, ())[1:]


def timelines(entries: Iterable[Entry]) -> tuple[Timeline, ...]:
    """Return every series with its step changes."""
    series = histories(entries)
    labels = recipe_labels(series)
    return tuple(
        Timeline(key, labels[key], series_page(key), runs, _levels(runs)) for key, runs in series.items()
    )


def _levels(runs: Sequence[Entry]) -> dict[str, tuple[Level, ...]]:
    found = {}
    for rule in dict.fromkeys(time.rule for run in runs for time in run.times):
        timed = [(run, time.median) for run in runs if (time := run.time(rule)) and time.median]
        if not timed:
            continue
        steps = step_changes([seconds for _, seconds in timed])
        edges = [0, *(step.place for step in steps), len(timed)]
        found[rule] = tuple(
            Level(tuple(run for run, _ in part), tuple(seconds for _, seconds in part), step)
            for part, step in zip(
                (timed[start:stop] for start, stop in pairwise(edges)),
                (None, *steps),
                strict=True,
            )
        )
    return found
