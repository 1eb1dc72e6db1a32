"""The measurement as a page of documentation, from the run folders that its turns left."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from textwrap import fill
from typing import NamedTuple

from benchmarks.peers.known import TARGET, Peer
from dawnbench.records.reader import Run, read_run
from dawnbench.records.trial_set import trial_set_of
from dawnbench.report.text.comparison_sections import comparison_blocks
from dawnbench.report.text.markdown import table
from dawnbench.report.text.sections import run_facts
from dawnbench.report.units import percent, seconds, significant
from dawnbench.safe_text import markdown
from dawnbench.stats.comparison.compare import compare
from dawnbench.stats.pooling import pool_trials
from dawnbench.stats.trial_summary import summarise

RULE, WIDTH = "strict", 110
METRICS = (("gpu_sm_clock", "SM, MHz"), ("gpu_temperature", "GPU, degC"), ("gpu_power", "Power, W"))
METHOD = (
    "All sides alternate on one machine with the same data, turn by turn, forwards and then backwards, each "
    f"turn in a process of its own. Times are under `{RULE}`: the data's way from the host's memory to the "
    "device, fresh weights, whitening and all other preparation, training, and the final evaluation on all "
    "test images, between two synchronised marks; loading, compilation, warm-up and the evaluations between "
    "epochs do not count."
)
ON_CPU = (
    "On the CPU the peers run as a naive port, made when their source is loaded: fp32 master weights, bf16 "
    "autocast around the network, eager, `channels_last`. If a trial was not trained to its end, its time is "
    "an estimate: what it took before the first epoch, the mean of its timed epochs times the epochs of a "
    "whole trial, and the final evaluation; it has no accuracy."
)
ON_CUDA = (
    "On CUDA the peers run as they are, without the pauses between trials in which their scripts let the GPU "
    "cool down; they compile and warm up before their first trial of a turn, and so do we."
)


@dataclass
class Turn:
    """One turn of one side, filled in as it goes on."""

    side: str
    folder: Path | None = None
    """The run folder; None before there is one."""
    problem: str | None = "interrupted"
    """Why it ended before its last trial."""


class Numbered(NamedTuple):
    """A turn that left a run folder, by its number from 1."""

    number: int
    side: str
    run: Run


def page(ours: str, peers: Sequence[Peer], device: str, turns: Sequence[Turn], command: str) -> str:
    """Return the markdown of all that was measured so far."""
    read = [Numbered(n, turn.side, read_run(turn.folder)) for n, turn in enumerate(turns, 1) if turn.folder]
    runs = {side: [one.run for one in read if one.side == side] for side in (ours, *(p.name for p in peers))}
    runs = {side: found for side, found in runs.items() if any(run.trials for run in found)}
    problems = [f"- Turn {n} ended early, {markdown(t.problem)}" for n, t in enumerate(turns, 1) if t.problem]
    blocks = [
        f"# {markdown(Path(ours).stem)} beside its peers",
        fill(f"{METHOD} {ON_CPU if device == 'cpu' else ON_CUDA}", WIDTH),
        *(_figures(ours, runs) if runs else []),
        "\n".join(_about(peers)),
        "## Turns",
        _turns_table(read),
        *(["\n".join(problems)] if problems else []),
        "## Environment",
        *(run_facts(_public(found[0], command)) for found in runs.values()),
    ]
    return "\n\n".join(blocks) + "\n"


def _public(run: Run, command: str) -> Run:
    """Return the run as a page may show it: of the data's path only its last part."""
    data = replace(run.record.data, source=Path(run.record.data.source).name)
    return replace(run, record=replace(run.record, data=data, command=tuple(shlex.split(command))))


def _figures(ours: str, runs: Mapping[str, Sequence[Run]]) -> Iterator[str]:
    """Yield the sides' figures, and a comparison with each peer once both have trials."""
    sets, rows = {}, []
    for side, of_side in runs.items():
        found = replace(pool_trials([trial_set_of(run) for run in of_side], side), name=Path(side).stem)
        sets[side] = found
        summary = summarise(found)
        claim = summary.claim
        sample = next((timed.sample for timed in summary.times if timed.rule == RULE), None)
        trials = [trial for run in of_side for trial in run.trials]
        own = [time for trial in trials if (time := trial.seconds.get("own")) is not None]
        train = [s for trial in trials for s in trial.segments if s.name == "train" and s.epoch]
        epochs = [segment.length_ns / 1e9 for segment in train]
        rows.append(
            [
                markdown(found.name),
                str(summary.trials),
                *map(seconds, [sample.mean, sample.median, sample.std] if sample else [None] * 3),
                percent(claim.mean if claim else None),
                f"{claim.p_value:.2g}" if claim and claim.p_value is not None else "-",
                seconds(median(own)) if own else "-",
                seconds(median(epochs)) if epochs else "-",
                str(sum("estimate" in " ".join(trial.warnings) for trial in trials)),
            ]
        )
    header = ["Side", "Trials", "Mean", "Median", "SD", "Accuracy", "p", "Own clock", "Epoch", "Estimated"]
    yield table(header, rows)
    yield fill(
        "Accuracies are means; p is that of the one-sided t-test that the true mean lies below "
        f"{100 * TARGET:g} %. The last columns are the medians by the script's own clock and of "
        "an epoch's training, and the number of trials whose time is an estimate.",
        WIDTH,
    )
    for side in sets if ours in sets else ():
        if side == ours:
            continue
        yield f"## {markdown(sets[ours].name)} compared with {markdown(side)}"
        yield from comparison_blocks(compare(sets[side], sets[ours], rule=RULE, across=True))


def _about(peers: Sequence[Peer]) -> Iterator[str]:
    for peer in peers:
        told = f"{peer.name} ({peer.source}): {peer.note}. Its own clock counts {peer.own_clock}."
        yield fill(f"- {told}", WIDTH, subsequent_indent="  ")


def _turns_table(turns: Sequence[Numbered]) -> str:
    """Return one row per turn with the means of the sensors over its trials."""
    rows = []
    for number, side, run in turns:
        found = [trial.telemetry for trial in run.trials if trial.telemetry]
        throttled = sorted({reason for one in found for reason in one.throttle_reasons})
        cells = [str(number), run.record.created, markdown(side), str(len(run.trials))]
        for metric, _ in METRICS:
            means = [one.readings[metric].mean for one in found if metric in one.readings]
            cells.append(significant(sum(means) / len(means), 3) if means else "-")
        rows.append([*cells, markdown(", ".join(throttled)) or "-"])
    header = ["Turn", "Begun", "Side", "Trials", *(name for _, name in METRICS), "Below its clocks by"]
    return table(header, rows)
