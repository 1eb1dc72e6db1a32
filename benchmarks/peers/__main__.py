"""The command `python -m benchmarks.peers`: a record holder and a recipe of ours in alternating turns."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from benchmarks.peers.scripts import PEERS, check_peer
from benchmarks.peers.session import PeerSession
from benchmarks.processes import ROOT
from dawnbench.campaigns.turns import TurnSide, python_side
from dawnbench.cli.ab_pythons import take_turns_and_compare
from dawnbench.cli.compare import ComparisonOptions
from dawnbench.cli.exit_codes import NOT_MEASURED
from dawnbench.cli.options import data_option, out_option, resolve, seed_option, set_option
from dawnbench.cli.signals import stopping_like_ctrl_c
from dawnbench.errors import DawnbenchError
from dawnbench.records.prices import NO_PRICES

KNOWN = "; ".join(f"{peer.name} ({peer.source})" for peer in PEERS.values())


@click.command(epilog=f"Peers: {KNOWN}.")
@click.argument("name", type=click.Choice(list(PEERS)))
@click.argument("script", type=click.Path(path_type=Path, resolve_path=True))
@click.option("--ours", default="speedrun", show_default=True, help="Recipe to measure beside it.")
@click.option("--device", type=click.Choice(["cpu", "cuda"]), default="cpu", show_default=True)
@click.option("--trials", type=click.IntRange(1), default=3, show_default=True, help="Trials of each side.")
@click.option("--block", type=click.IntRange(1), help="Trials in a turn [default: 1; 10 on CUDA].")
@click.option("--alone", is_flag=True, help="Run the peer only, as in its turns, and print JSON lines.")
@data_option
@set_option
@seed_option
@out_option
@stopping_like_ctrl_c()
def main(
    name: str,
    script: Path,
    ours: str,
    device: str,
    trials: int,
    block: int | None,
    alone: bool,
    data: str | None,
    settings: tuple[str, ...],
    seed: int,
    out: Path,
) -> None:
    """Compare a public record holder with a recipe of ours, in alternating turns on one machine.

    Fetch the peer's own script first; nothing of it is part of this project. Each turn leaves a run folder,
    so `dawnbench show`, `compare` and `report` read the trials of both sides.
    """
    check_peer(PEERS[name], script, device)
    data = data or "cifar10"
    if alone:
        PeerSession(PEERS[name], script, data, device, out, trials=trials, seed=seed).run()
        return
    resolve(ours, settings)  # refuses a wrong recipe before anything is measured
    changes = [f"--set={setting}" for setting in settings]
    where = [f"--data={data}", f"--device={device}", f"--out={out}"]

    def peer_command(trials: int, seed: int) -> list[str]:
        words = ["benchmarks.peers", name, str(script), "--alone", *where]
        return [sys.executable, "-m", *words, f"--trials={trials}", f"--seed={seed}"]

    recipe = python_side(Path(ours).stem, str(ROOT), [ours, *where, *changes])
    sides = [TurnSide(name, peer_command, recipe.environment), recipe]
    shown = ComparisonOptions("strict", across=True, as_json=False, prices=NO_PRICES)
    block = block or (1 if device == "cpu" else 10)
    names = [name, recipe.name]
    sys.exit(take_turns_and_compare(sides, names, shown, trials=trials, seed=seed, block=block))


if __name__ == "__main__":
    try:
        main()
    except DawnbenchError as error:
        click.echo(f"peers: {error}", err=True)
        sys.exit(NOT_MEASURED)
