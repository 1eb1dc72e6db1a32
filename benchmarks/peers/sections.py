"""The tables and lists of the page."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from statistics import median
from textwrap import fill
from typing import Any

from benchmarks.peers.figures import RULE
from benchmarks.peers.known import Peer
from benchmarks.peers.lines import TrialLine, TurnLine
from dawnbench.records.trial_set import TrialSet
from dawnbench.report.text.markdown import table
from dawnbench.report.units import percent, seconds, significant
from dawnbench.safe_text import markdown
from dawnbench.stats.comparison.compare import compare
from dawnbench.stats.comparison.sentences import verdict_sentence
from dawnbench.stats.trial_summary import Summary

WIDTH = 110
METRICS = (("gpu_sm_clock", "SM, MHz"), ("gpu_temperature", "GPU, degC"), ("gpu_power", "Power, W"))


def times(summaries: dict[str, Summary]) -> str:
    header = ["Side", "Trials", "Mean", "Median", "SD", "Accuracy", "p"]
    return table(header, [_times_row(side, summary) for side, summary in summaries.items()])


def _times_row(side: str, summary: Summary) -> list[str]:
    sample = next((timed.sample for timed in summary.times if timed.rule == RULE), None)
    found = [sample.mean, sample.median, sample.std] if sample else [None] * 3
    claim = summary.claim
    return [
        markdown(side),
        str(summary.trials),
        *map(seconds, found),
        percent(claim.mean if claim else None),
        f"{claim.p_value:.2g}" if claim and claim.p_value is not None else "-",
    ]


def comparisons(ours: TrialSet, peers: Sequence[TrialSet]) -> Iterator[str]:
    """Yield a section with a row for each peer and what may be said of it, once both have trials."""
    held = [compare(peer, ours, rule=RULE, across=True) for peer in peers if peer.trials and ours.trials]
    if not held:
        return
    rows = []
    for comparison in held:
        ratio = comparison.verdict.ratio
        interval = ratio and ratio.interval
        rows.append(
            [
                markdown(comparison.reference.name),
                f"{ratio.value:.4f}" if ratio and math.isfinite(ratio.value) else "-",
                f"{interval.low:.4f} to {interval.high:.4f}" if interval else "-",
            ]
        )
    yield f"## {markdown(ours.name)} over each peer"
    yield ""
    yield table(["Peer", "Ratio of mean times", "95 % bootstrap interval"], rows)
    yield ""
    yield from (f"- {markdown(verdict_sentence(comparison))}." for comparison in held)
    yield ""


def clocks(sides: Sequence[str], trials: Sequence[TrialLine]) -> str:
    rows = []
    for side in sides:
        measured = [line.measured for line in trials if line.side == side]
        own = [one.own_seconds for one in measured if one.own_seconds is not None]
        epochs = [epoch for one in measured for epoch in one.epoch_seconds]
        rows.append(
            [
                markdown(side),
                seconds(median(own)) if own else "-",
                seconds(median(epochs)) if epochs else "-",
                str(len(epochs) or "-"),
                str(sum(not one.whole for one in measured)),
            ]
        )
    header = ["Side", "By its own clock, median", "Epoch, median", "Epochs timed", "Trials estimated"]
    return table(header, rows)


def about(peers: Sequence[Peer]) -> Iterator[str]:
    for peer in peers:
        told = f"{peer.name} ({peer.source}): {peer.note}. Its own clock counts {peer.own_clock}."
        yield fill(f"- {told}", WIDTH, subsequent_indent="  ")
    yield ""


def turns_table(turns: Sequence[TurnLine], trials: Sequence[TrialLine]) -> str:
    """Return a row for each turn; means of the sensors over it, peaks in brackets."""
    header = ["Turn", "Begun", "Side", "Trials", "Took", *(f"{name} (peak)" for _, name in METRICS)]
    rows = []
    for turn in turns:
        cells = [str(turn.turn), turn.began, markdown(turn.side)]
        cells += [str(sum(line.turn == turn.turn for line in trials)), seconds(turn.seconds)]
        rows.append(cells + [_reading(turn, metric) for metric, _ in METRICS])
    return table(header, rows)


def _reading(turn: TurnLine, metric: str) -> str:
    found = turn.readings.get(metric)
    return "-" if found is None else f"{significant(found['mean'], 3)} ({significant(found['peak'], 3)})"


def problems(turns: Sequence[TurnLine]) -> Iterator[str]:
    told = [f"- Turn {turn.turn} ended early, {markdown(turn.problem)}" for turn in turns if turn.problem]
    told += [
        f"- In turn {turn.turn} the GPU ran below its clocks: {', '.join(turn.throttle_reasons)}"
        for turn in turns
        if turn.throttle_reasons
    ]
    yield from ([*told, ""] if told else [])


def environment(facts: dict[str, Any]) -> Iterator[str]:
    left_out = {"uuid", "device"}
    for name, value in facts.items():
        if value is not None and name not in left_out:
            yield f"- {'device' if name == 'gpu' else name}: {markdown(str(value))}"
