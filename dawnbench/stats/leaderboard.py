"""Many series ranked under each timing rule."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from dawnbench.records.identity import RunIdentity
from dawnbench.records.inference import RunKind
from dawnbench.records.rules import RULES_BY_NAME, stops_at_target
from dawnbench.stats.entries import Entry, RuleTime


@dataclass(frozen=True, slots=True)
class Row:
    """One series on the leaderboard under one rule, represented by one of its runs."""

    place: int | None
    """From 1 among the rows of one rule; None if there is no time, or if the accuracy claim fails."""
    entry: Entry
    time: RuleTime
    runs: int
    """How many the series has."""


@dataclass(frozen=True, slots=True)
class Board:
    """The rows that may be ranked together: of one data set (by its pixels), target and kind of run."""

    data: str
    fingerprint: str
    target: float
    rows: tuple[Row, ...]
    """By rule, fastest first."""
    kind: RunKind = "training"


def leaderboard(series: Mapping[RunIdentity, Sequence[Entry]]) -> tuple[Board, ...]:
    """Return one board for each data set, target and kind of run, the one with the most series first.

    A series is represented by its newest run that has an interval, or else by its newest run: represented by
    its best run, it would rank higher the more often it was run.
    """
    together: dict[tuple[str, float, RunKind], list[RunIdentity]] = {}
    for key in series:
        together.setdefault((key.fingerprint, key.target, key.kind), []).append(key)
    boards = (_board({key: series[key] for key in keys}) for keys in together.values())
    boards_with_rows = (board for board in boards if board.rows)
    return tuple(sorted(boards_with_rows, key=lambda b: (-len(b.rows), b.data, b.fingerprint, b.target)))


def standing_for(entries: Sequence[Entry], rule: str) -> Entry | None:
    """Return the run that represents a series (oldest run first) under a rule; None if none reports it."""
    timed = [(entry, time) for entry in reversed(entries) if (time := entry.time(rule)) is not None]
    sure = [entry for entry, time in timed if time.low is not None]
    return next(iter([*sure, *(entry for entry, _ in timed)]), None)


def _board(series: Mapping[RunIdentity, Sequence[Entry]]) -> Board:
    newest = max((runs[-1] for runs in series.values()), key=lambda entry: (entry.created, entry.name))
    rules = dict.fromkeys([*RULES_BY_NAME, *sorted(_rules(series.values()))])
    rows = tuple(row for rule in rules for row in _ranked(series, rule))
    one = newest.identity
    return Board(one.data, one.fingerprint, one.target, rows, one.kind)


def _ranked(series: Mapping[RunIdentity, Sequence[Entry]], rule: str) -> Iterator[Row]:
    found = []
    for runs in series.values():
        entry = standing_for(runs, rule)
        time = None if entry is None else entry.time(rule)
        if entry is not None and time is not None:
            found.append(Row(None, entry, time, len(runs)))
    found.sort(key=lambda row: (not _is_ranked(row), _seconds(row), row.entry.name))
    ranked = [_seconds(row) for row in found if _is_ranked(row)]
    for row in found:
        # Equal times share the better place.
        yield replace(row, place=1 + bisect_left(ranked, _seconds(row))) if _is_ranked(row) else row


def _is_ranked(row: Row) -> bool:
    """Return whether a row's time counts: that of whole trials does not if the accuracy claim fails.

    Nor does the latency of a model below the target.
    """
    if row.time.expected is None:
        return False
    if row.entry.identity.kind == "inference":
        return row.entry.reached == row.entry.trials
    refuted = row.entry.claim is not None and row.entry.claim.standing == "fails"
    return stops_at_target(row.time.rule) or not refuted


def _seconds(row: Row) -> float:
    return math.inf if row.time.expected is None else row.time.expected


def _rules(series: Iterable[Sequence[Entry]]) -> set[str]:
    return {time.rule for runs in series for entry in runs for time in entry.times}
