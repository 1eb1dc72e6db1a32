"""The measurement as a page of documentation."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import fill
from typing import Any

from benchmarks.peers.figures import RULE, TARGET, series
from benchmarks.peers.known import Peer
from benchmarks.peers.lines import TrialLine, TurnLine
from benchmarks.peers.sections import (
    WIDTH,
    about,
    clocks,
    comparisons,
    environment,
    problems,
    times,
    turns_table,
)
from dawnbench.safe_text import markdown
from dawnbench.stats.trial_summary import summarise

METHOD = (
    "All sides alternate on one machine with the same data, turn by turn, forwards and then backwards, each "
    f"turn in a process of its own. Times are under `{RULE}`: the data's way from the host's memory to the "
    "device, fresh weights, whitening and all other preparation, training, and the final evaluation on all "
    "test images, between two synchronised marks; loading, compilation, warm-up and the evaluations between "
    "epochs do not count."
)
ON_CPU = (
    "On the CPU the peers run as a naive port, made at the moment of loading: fp32 master weights, bf16 "
    "autocast around the network, eager, `channels_last`. Where a trial was not trained to its end, its time "
    "is an estimate: what it took before the first epoch, the mean of its timed epochs times the epochs of a "
    "whole trial, and the final evaluation; it has no accuracy."
)
ON_CUDA = (
    "On CUDA the peers run as they are, without the pauses between trials in which their scripts let the GPU "
    "cool down; they compile and warm up before their first trial of a turn, and so do we."
)


def page(
    ours: str,
    peers: Sequence[Peer],
    facts: dict[str, Any],
    command: str,
    trials: Sequence[TrialLine],
    turns: Sequence[TurnLine],
) -> str:
    """Return the markdown of all that was measured so far."""
    sides = [ours, *(peer.name for peer in peers)]
    found = {side: series(side, trials, facts) for side in sides}
    return "\n".join(
        [
            f"# {markdown(ours)} beside its peers on {markdown(str(facts['gpu']))}",
            "",
            fill(f"{METHOD} {ON_CPU if facts['device'] == 'cpu' else ON_CUDA}", WIDTH),
            "",
            times({side: summarise(found[side]) for side in sides}),
            "",
            "Accuracies are means; p is that of the one-sided t-test that the true mean lies below "
            f"{100 * TARGET:g} %.",
            "",
            *comparisons(found[ours], [found[peer.name] for peer in peers]),
            "## Clocks",
            "",
            clocks(sides, trials),
            "",
            *about(peers),
            "## Turns",
            "",
            turns_table(turns, trials),
            "",
            *problems(turns),
            "## Environment",
            "",
            *environment(facts),
            f"- command: `{command}`",
            "",
        ]
    )
