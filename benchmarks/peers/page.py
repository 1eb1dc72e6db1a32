"""The measurement as a page of documentation, from the run folders that its turns left."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import median
from textwrap import fill

from benchmarks.peers.known import Peer
from dawnbench.campaigns.turns import Turn
from dawnbench.records.reader import Run, read_run
from dawnbench.records.trial_set import trial_set_of
from dawnbench.report.text.comparison_sections import comparison_blocks
from dawnbench.report.text.headline import headline
from dawnbench.report.text.sections import run_facts, telemetry_table, timing_table
from dawnbench.report.units import seconds
from dawnbench.safe_text import markdown
from dawnbench.stats.comparison.compare import compare
from dawnbench.stats.pooling import pool_trials
from dawnbench.stats.trial_summary import summarise

RULE, WIDTH = "strict", 110
METHOD = (
    "All sides alternate on one machine with the same data, turn by turn, forwards and then backwards, each "
    f"turn in a process of its own. Times are under `{RULE}`: the data's way from the host's memory to the "
    "device, fresh weights, whitening and all other preparation, training, and the final evaluation on all "
    "test images; loading, compilation, warm-up and the evaluations between epochs do not count."
)
ON = {
    "cpu": "On the CPU the peers run as a naive port, made when their source is loaded: fp32 weights, bf16 "
    "autocast around the network, eager, `channels_last`. If a trial was not trained to its end, its time is "
    "an estimate: what it took before the first epoch, the mean of its timed epochs times the epochs of a "
    "whole trial, and the final evaluation; it has no accuracy.",
    "cuda": "On CUDA the peers run as they are, without the pauses between trials in which their scripts let "
    "the GPU cool down; they compile and warm up before their first trial of a turn, and so do we.",
}


def page(ours: str, peers: Sequence[Peer], device: str, turns: Sequence[Turn], command: str) -> str:
    """Return the Markdown of all that was measured so far."""
    read = [(turn.side, _public(read_run(turn.folder), command)) for turn in turns if turn.folder]
    runs = {side: [run for name, run in read if name == side] for side in (ours, *(p.name for p in peers))}
    runs = {side: found for side, found in runs.items() if any(run.trials for run in found)}
    ended = [f"- Turn {n} ended early, {markdown(t.problem)}" for n, t in enumerate(turns, 1) if t.problem]
    about = [
        f"{peer.name} ({peer.source}): {peer.note}. Its own clock counts {peer.own_clock}." for peer in peers
    ]
    blocks = [
        f"# {markdown(Path(ours).stem)} beside its peers",
        fill(f"{METHOD} {ON[device]}", WIDTH),
        *_figures(ours, runs),
        "\n".join(fill(f"- {told}", WIDTH, subsequent_indent="  ") for told in about),
        *(["\n".join(ended)] if ended else []),
    ]
    for side, run in read:
        tables = [timing_table(run), telemetry_table(run)] if run.trials else []
        blocks += [f"## {markdown(side)}, {markdown(run.folder.name)}", run_facts(run), *tables]
    return "\n\n".join(blocks) + "\n"


def _public(run: Run, command: str) -> Run:
    """Return the run as a page may show it: only the last part of the data's path."""
    data = replace(run.record.data, source=Path(run.record.data.source).name)
    return replace(run, record=replace(run.record, data=data, command=tuple(shlex.split(command))))


def _figures(ours: str, runs: Mapping[str, Sequence[Run]]) -> Iterator[str]:
    """Yield a line for each side, and its comparison with each peer once both have trials."""
    sets, lines = {}, []
    for side, of_side in runs.items():
        sets[side] = replace(
            pool_trials([trial_set_of(run) for run in of_side], side), name=Path(side).stem, pairing=None
        )
        trials = [trial for run in of_side for trial in run.trials]
        own = [time for trial in trials if (time := trial.seconds.get("own")) is not None]
        estimates = sum("estimate" in " ".join(trial.warnings) for trial in trials)
        line = headline(sets[side], summarise(sets[side]), RULE)
        line += f" By its own clock, median: {seconds(median(own))}." if own else ""
        line += f" Times that are estimates: {estimates} of {len(trials)}." if estimates else ""
        lines.append(f"- {markdown(line)}")
    yield "\n".join(lines) or "No trial has ended yet."
    for side in sets if ours in sets else ():
        if side != ours:
            yield f"## {markdown(sets[ours].name)} compared with {markdown(side)}"
            yield from comparison_blocks(compare(sets[side], sets[ours], rule=RULE, across=True))
