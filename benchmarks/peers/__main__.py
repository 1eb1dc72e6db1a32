"""The command `python -m benchmarks.peers`: alternating turns of a recipe of ours and its peers."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

import click

from benchmarks.peers.known import PEERS, parse_peer
from benchmarks.processes import environment
from dawnbench.campaigns.turns import Turn, TurnSide, rounds, take_turn
from dawnbench.cli.compare import ComparisonOptions, show_comparisons
from dawnbench.cli.exit_codes import DONE, INTERRUPTED, NOT_MEASURED
from dawnbench.cli.options import data_option, out_option, resolve, seed_option, set_option
from dawnbench.cli.signals import stopping_like_ctrl_c
from dawnbench.errors import DawnbenchError
from dawnbench.records.prices import NO_PRICES
from dawnbench.records.reader import Run, read_run
from dawnbench.records.trial_set import TrialSet, trial_set_of
from dawnbench.stats.pooling import pool_trials

RULE = "strict"
KNOWN = "; ".join(f"{peer.name} ({peer.source})" for peer in PEERS.values())


@click.command(epilog=f"Peers known by name: {KNOWN}.")
@click.option("--peer", "peers", multiple=True, required=True, metavar="NAME=PATH", help="Peer; repeatable.")
@click.option("--ours", default="speedrun", show_default=True, help="Recipe to measure beside them.")
@click.option("--device", type=click.Choice(["cpu", "cuda"]), default="cpu", show_default=True)
@click.option("--trials", type=click.IntRange(1), default=3, show_default=True, help="Trials of each side.")
@click.option("--block", type=click.IntRange(1), help="Trials in a turn [default: 1; 10 on CUDA].")
@data_option
@set_option
@seed_option
@out_option
@stopping_like_ctrl_c()
def main(
    peers: tuple[str, ...],
    ours: str,
    settings: tuple[str, ...],
    data: str | None,
    device: str,
    trials: int,
    block: int | None,
    seed: int,
    out: Path,
) -> None:
    """Measure public record holders beside a recipe of ours, in alternating turns on one machine.

    Fetch the peers' own scripts first; nothing of them is part of this project. Each turn leaves a run
    folder, so `dawnbench show`, `compare` and `report` read the trials of every side.
    """
    parsed = [parse_peer(one, device) for one in peers]
    resolve(ours, settings)  # refuses a wrong recipe before anything is measured
    where = [f"--data={data or 'cifar10'}", f"--device={device}", f"--out={out}"]
    recipe = ["dawnbench", "run", ours, "--json", *(f"--set={setting}" for setting in settings)]
    sides = [
        _side(ours, [*recipe, *where]),
        *(_side(peer.name, ["benchmarks.peers.child", peer.name, str(at), *where]) for peer, at in parsed),
    ]
    runs: dict[str, list[Run]] = {side.name: [] for side in sides}
    code = DONE
    try:
        for side, first, count in rounds(sides, trials, block or (1 if device == "cpu" else 10)):
            click.echo(f"{side.name}: trial {first} to {first + count - 1}")
            turn = Turn(side.name)
            try:
                take_turn(turn, side, count, seed + first - 1, _tell)
            finally:
                runs[side.name] += [read_run(turn.folder)] if turn.folder else []
            if turn.problem:
                click.echo(f"peers: {side.name}: {turn.problem}", err=True)
                code = NOT_MEASURED
    except KeyboardInterrupt:
        code = INTERRUPTED
    _compare(ours, {name: [run for run in of_one if run.trials] for name, of_one in runs.items()})
    sys.exit(code)


def _side(name: str, words: Sequence[str]) -> TurnSide:
    def command(trials: int, seed: int) -> list[str]:
        return [sys.executable, "-m", *words, f"--trials={trials}", f"--seed={seed}"]

    return TurnSide(name, command, environment())


def _tell(event: dict[str, Any]) -> None:
    time, accuracy = event["seconds"].get(RULE), event["accuracy"]
    took = event["status"] if time is None else f"{time:.3f} s"
    click.echo(f"  {took}{'' if accuracy is None else f', {accuracy:.2%}'}")


def _compare(ours: str, runs: dict[str, list[Run]]) -> None:
    for name in runs:
        if name != ours and runs[name] and runs[ours]:
            click.echo()
            reference, other = (_pooled(side, runs[side]) for side in (name, ours))
            show_comparisons(reference, [other], ComparisonOptions(RULE, True, False, NO_PRICES))
            own = [time for trial in reference.trials if (time := trial.seconds.get("own")) is not None]
            if own:
                click.echo(f"{name} by its own clock, median: {median(own):.3f} s")


def _pooled(name: str, runs: Sequence[Run]) -> TrialSet:
    return replace(pool_trials([trial_set_of(run) for run in runs], name), name=Path(name).stem, pairing=None)


if __name__ == "__main__":
    try:
        main()
    except DawnbenchError as error:
        click.echo(f"peers: {error}", err=True)
        sys.exit(NOT_MEASURED)
