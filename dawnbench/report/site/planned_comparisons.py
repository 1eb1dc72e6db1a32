"""Which runs of a site are compared with each other, and what such a comparison found."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import PurePosixPath
from typing import Literal

from dawnbench.records.identity import RunIdentity
from dawnbench.report.site.series_history import SeriesHistory
from dawnbench.report.site.site_folder import comparison_page
from dawnbench.stats.comparison.outcome import Word
from dawnbench.stats.comparison.speed_up import SpeedUp
from dawnbench.stats.entries import Entry
from dawnbench.stats.leaderboard import standing_for


@dataclass(frozen=True, slots=True)
class PlannedComparison:
    """One comparison and the path of its page."""

    kind: Literal["previous", "first", "pair", "devices"]
    page: str
    reference: Entry
    other: Entry
    series: SeriesHistory
    """That of `other`."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What a comparison found."""

    word: Word
    ratio: float | None
    """The other run's time over the reference's; None if it is not a positive finite number."""
    speed_up: SpeedUp | None = None
    """If the two differ in the number of devices."""


Compared = tuple[PlannedComparison, Finding]


def plan_comparisons(series: Sequence[SeriesHistory], rule: str) -> list[PlannedComparison]:
    """Return the comparisons of a site, with no two runs compared twice.

    Each run is compared with the previous one of its series, which shows the effect of the last change. The
    newest run is compared with the first, which shows slow drift; it is not compared with the best, because
    the best is partly luck and every later run would look slower. The two sides of a `dawnbench ab` are
    compared with each other, and a recipe's run on several devices with that on the fewest of them.
    """
    found: dict[tuple[str, str], PlannedComparison] = {}
    for one in (*_pairs(series, rule), *_within_series(series, rule), *_device_counts(series, rule)):
        found.setdefault((one.reference.name, one.other.name), one)
    return list(found.values())


def _within_series(series: Sequence[SeriesHistory], rule: str) -> Iterator[PlannedComparison]:
    for one in series:
        timed = [run for run in one.runs if run.time(one.rule(rule)) is not None]
        for before, run in pairwise(timed):
            yield PlannedComparison("previous", comparison_page(run.name, "previous"), before, run, one)
        if len(timed) > 2:
            page = comparison_page(f"{PurePosixPath(one.page).stem}-newest", "first")
            yield PlannedComparison("first", page, timed[0], timed[-1], one)


def _pairs(series: Sequence[SeriesHistory], rule: str) -> Iterator[PlannedComparison]:
    campaigns: dict[str, dict[str, tuple[Entry, SeriesHistory]]] = {}
    for one in series:
        for run in one.runs:
            if run.pairing is not None and run.time(one.rule(rule)) is not None:
                campaigns.setdefault(run.pairing.campaign, {}).setdefault(run.pairing.side, (run, one))
    for _, sides in sorted(campaigns.items()):
        if len(sides) == 2:
            (a, _), (b, one) = sides["A"], sides["B"]
            yield PlannedComparison("pair", comparison_page(b.name, "pair"), a, b, one)


def _device_counts(series: Sequence[SeriesHistory], rule: str) -> Iterator[PlannedComparison]:
    alike: dict[RunIdentity, list[SeriesHistory]] = {}
    for one in series:
        alike.setdefault(replace(one.key, devices=1, nodes=1), []).append(one)
    for group in alike.values():
        group.sort(key=lambda one: (one.key.devices, one.key.nodes))
        timed = [(run, one) for one in group if (run := standing_for(one.runs, one.rule(rule))) is not None]
        for run, one in timed[1:]:
            first = timed[0][0]
            if one.key.devices > first.identity.devices:
                yield PlannedComparison("devices", comparison_page(run.name, "fewer"), first, run, one)
