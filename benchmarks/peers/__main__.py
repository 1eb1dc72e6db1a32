"""Measure public record holders beside a recipe of ours, in one alternating run on one machine.

Fetch the peers' own scripts first; nothing of them is part of this project.
"""

from __future__ import annotations

import argparse
import os
import shlex
import signal
import sys
from hashlib import sha256
from pathlib import Path

from benchmarks.gpu.facts import ask_facts
from benchmarks.peers.known import PEERS, parse_peer
from benchmarks.peers.measurement import Measurement
from benchmarks.peers.sides import Ours, Theirs
from benchmarks.peers.turns import order
from dawnbench.cli.options import resolve
from dawnbench.errors import DawnbenchError

NOT_MEASURED, INTERRUPTED = 2, 130


def main() -> int:
    given = _arguments().parse_args()
    # Whoever ends the program is to find the page and no process left over.
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
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.peers",
        description=__doc__,
        epilog="Peers known by name: " + "; ".join(f"{peer.name} ({peer.source})" for peer in PEERS.values()),
    )
    add = parser.add_argument
    add("--peer", action="append", required=True, metavar="NAME=PATH", help="A peer's script; repeatable.")
    add("--ours", default="speedrun", metavar="RECIPE", help="The recipe to hold against them.")
    add("--set", action="append", default=[], metavar="KEY=VALUE", help="Change a leaf of the recipe.")
    add("--data", default="cifar10", help="A data set's name, an .npz file or an image folder.")
    add("--device", choices=("cpu", "cuda"), default="cpu")
    add("--trials", type=_count, default=3, help="Of each side.")
    add("--block", type=_count, help="Trials in a turn; 1 on the CPU and 10 on CUDA if not given.")
    add("--seed", type=int, default=0, help="Of each side's first trial; each later one adds 1.")
    add("--epochs-of-peer", type=_count, default=1, help="On the CPU, of each trial of a peer; on CUDA all.")
    add("--out", type=Path, help="The page; the lines of all trials go beside it, as .jsonl.")
    add("--runs", type=Path, default=Path("runs"), help="Where the recipe's run folders go.")
    return parser


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is too few; give 1 or more")
    return number


def _measure(given: argparse.Namespace) -> int:
    cpu = given.device == "cpu"
    peers = [parse_peer(one, given.device) for one in given.peer]
    resolve(given.ours, tuple(given.set))  # refuses a recipe that is none before anything is measured
    facts = ask_facts(given.device, given.data) | {
        "device": given.device,
        "data": _public(given.data),
        "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS"),
    }
    facts |= {
        f"script of {peer.name}": f"sha256 {sha256(script.read_bytes()).hexdigest()}"
        for peer, script in peers
    }
    epochs = given.epochs_of_peer if cpu else None
    ours = Ours(given.ours, tuple(given.set), given.data, given.device, given.runs.resolve())
    theirs = [Theirs(peer, script, given.data, given.device, epochs) for peer, script in peers]
    out: Path = given.out or Path("docs/results") / f"peers-{given.device}.md"
    command = shlex.join(["python", "-m", "benchmarks.peers", *map(_public, sys.argv[1:])])
    measurement = Measurement(ours.name, [peer for peer, _ in peers], facts, command, out)
    turns = order([ours, *theirs], given.trials, given.block or (1 if cpu else 10))
    complete = measurement.take(list(turns), given.seed)
    print(out)
    return 0 if complete else NOT_MEASURED


def _public(word: str) -> str:
    """Return an argument as a page may show it: of a path only its last part."""
    name, separator, path = word.partition("=")
    if separator and Path(path).is_absolute():
        return f"{name}={Path(path).name}"
    return Path(word).name if Path(word).is_absolute() else word


if __name__ == "__main__":
    sys.exit(main())
