"""Which runs of a site are held against each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import PurePosixPath
from typing import Literal

from dawnbench.records.identity import RunIdentity
from dawnbench.report.site.names import comparison_page, series_page
from dawnbench.stats.entries import Entry

Kind = Literal["previous", "first", "pair"]
Histories = Mapping[RunIdentity, Sequence[Entry]]


@dataclass(frozen=True, slots=True)
class Planned:
    """One comparison, and where its page goes."""

    kind: Kind
    page: str
    reference: Entry
    other: Entry
    series: str
    """The page of the other's series."""


def plan(series: Histories, rule: str) -> tuple[Planned, ...]:
    """Return the comparisons of a site, no two runs twice.

    A run against the one before it in its series shows what the last change did. The newest against the
    first shows what crept in by steps too small to be seen singly; it is not held against the best, which is
    partly luck, so that every later run would look slower. And the two sides of a `dawnbench ab` were made to
    be compared.
    """
    found: dict[tuple[str, str], Planned] = {}
    for one in (*_pairs(series, rule), *_within(series, rule)):
        found.setdefault((one.reference.name, one.other.name), one)
    return tuple(found.values())


def _within(series: Histories, rule: str) -> Iterator[Planned]:
    for key, runs in series.items():
        page = series_page(key)
        timed = [run for run in runs if run.time(rule) is not None]
        for before, run in pairwise(timed):
            yield Planned("previous", comparison_page(run.name, "previous"), before, run, page)
        if len(timed) > 2:
            newest = comparison_page(f"{PurePosixPath(page).stem}-newest", "first")
            yield Planned("first", newest, timed[0], timed[-1], page)


def _pairs(series: Histories, rule: str) -> Iterator[Planned]:
    sides: dict[str, dict[str, tuple[Entry, str]]] = {}
    for key, runs in series.items():
        for run in runs:
            if run.pairing is not None and run.time(rule) is not None:
                found = sides.setdefault(run.pairing.campaign, {})
                found.setdefault(run.pairing.side, (run, series_page(key)))
    for _, both in sorted(sides.items()):
        if len(both) == 2:
            (a, _), (b, page) = both["A"], both["B"]
            yield Planned("pair", comparison_page(b.name, "pair"), a, b, page)
