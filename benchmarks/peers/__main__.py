"""Measure public record holders beside a recipe of ours, in alternating turns on one machine.

Fetch the peers' own scripts first; nothing of them is part of this project. Each turn leaves a run folder, so
`dawnbench show`, `compare` and `report` read the trials of every side.
"""

from __future__ import annotations

import argparse
import shlex
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.peers.known import PEERS, Peer, parse_peer
from benchmarks.peers.page import page
from benchmarks.processes import environment
from dawnbench.campaigns.turns import Turn, TurnSide, rounds, take_turn
from dawnbench.cli.exit_codes import DONE, INTERRUPTED, NOT_MEASURED
from dawnbench.cli.options import resolve
from dawnbench.errors import DawnbenchError


def main() -> int:
    given = _arguments().parse_args()
    # Whoever ends the program must find the page and no process left over.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        return _measure(given)
    except DawnbenchError as error:
        print(f"peers: {error}", file=sys.stderr)
        return NOT_MEASURED
    except KeyboardInterrupt:
        print("peers: interrupted; what was measured is kept", file=sys.stderr)
        return INTERRUPTED


def _arguments() -> argparse.ArgumentParser:
    known = "; ".join(f"{peer.name} ({peer.source})" for peer in PEERS.values())
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.peers", description=__doc__, epilog=f"Peers known by name: {known}"
    )
    add = parser.add_argument
    script = "Measure this peer's script; repeatable."
    add("--peer", action="append", required=True, metavar="NAME=PATH", help=script)
    add("--ours", default="speedrun", metavar="RECIPE", help="Compare this recipe with them.")
    add("--set", action="append", default=[], metavar="KEY=VALUE", help="Change a setting of the recipe.")
    add("--data", default="cifar10", help="Train on a data set's name, an .npz file or an image folder.")
    add("--device", choices=("cpu", "cuda"), default="cpu", help="Train on this device.")
    add("--trials", type=_count, default=3, help="Run so many trials of each side.")
    add("--block", type=_count, help="Run so many trials in a turn (default: 1 on the CPU, 10 on CUDA).")
    add("--seed", type=int, default=0, help="Start each side with this seed; later trials add 1.")
    add("--epochs-of-peer", type=_count, default=1, help="Train so many epochs of a peer on the CPU.")
    add("--out", type=Path, help="Write the page to this file.")
    add("--runs", type=Path, default=Path("runs"), help="Write the run folders here.")
    return parser


def _count(text: str) -> int:
    if int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} is too few; give 1 or more")
    return int(text)


def _measure(given: argparse.Namespace) -> int:
    peers = [parse_peer(one, given.device) for one in given.peer]
    resolve(given.ours, tuple(given.set))  # refuses a wrong recipe before anything is measured
    out: Path = given.out or Path("docs/results") / f"peers-{given.device}.md"
    if out.exists():
        raise DawnbenchError(f"{out} holds an earlier measurement; move it away or give another --out")
    out.parent.mkdir(parents=True, exist_ok=True)
    command = shlex.join(["python", "-m", "benchmarks.peers", *map(_public, sys.argv[1:])])
    block = given.block or (1 if given.device == "cpu" else 10)
    turns: list[Turn] = []
    for side, first, count in rounds(_sides(given, peers), given.trials, block):
        print(f"{side.name}: trial {first} to {first + count - 1}", flush=True)
        turns.append(Turn(side.name))
        try:
            take_turn(turns[-1], side, count, given.seed + first - 1, _show)
        finally:
            text = page(given.ours, [peer for peer, _ in peers], given.device, turns, command)
            out.write_text(text, encoding="utf-8")
        if turns[-1].problem:
            print(f"peers: turn {len(turns)}, {side.name}: {turns[-1].problem}", file=sys.stderr)
    print(out)
    return NOT_MEASURED if any(turn.problem for turn in turns) else DONE


def _show(event: dict[str, Any]) -> None:
    time, accuracy = event["seconds"].get("strict"), event["accuracy"]
    took = event["status"] if time is None else f"{time:.3f} s"
    print(f"  {took}{'' if accuracy is None else f', {accuracy:.2%}'}", flush=True)


def _sides(given: argparse.Namespace, peers: Sequence[tuple[Peer, Path]]) -> list[TurnSide]:
    where = [f"--data={given.data}", f"--device={given.device}", f"--out={given.runs}"]
    ours = ["dawnbench", "run", given.ours, "--json", *(f"--set={setting}" for setting in given.set)]
    epochs = [f"--epochs={given.epochs_of_peer}"] if given.device == "cpu" else []

    def side(name: str, module_and_words: Sequence[str]) -> TurnSide:
        def command(trials: int, seed: int) -> list[str]:
            counts = [f"--trials={trials}", f"--seed={seed}"]
            return [sys.executable, "-m", *module_and_words, *where, *counts]

        return TurnSide(name, command, environment())

    return [
        side(given.ours, ours),
        *(side(peer.name, ["benchmarks.peers.child", peer.name, str(path), *epochs]) for peer, path in peers),
    ]


def _public(word: str) -> str:
    """Return an argument as a page may show it: only the last part of a path."""
    name, separator, path = word.partition("=")
    if separator and Path(path).is_absolute():
        return f"{name}={Path(path).name}"
    return Path(word).name if Path(word).is_absolute() else word


if __name__ == "__main__":
    sys.exit(main())
