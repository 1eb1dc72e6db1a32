"""Measure public record holders beside a recipe of ours, in alternating turns on one machine.

Fetch the peers' own scripts first; nothing of them is part of this project. Each turn leaves a run folder, so
that `dawnbench show`, `compare` and `report` read the trials of every side.
"""

from __future__ import annotations

import argparse
import json
import shlex
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.peers.child import Request
from benchmarks.peers.known import PEERS, Peer, parse_peer
from benchmarks.peers.page import Turn, page
from benchmarks.processes import environment, last_line, stop
from benchmarks.ratios import abba
from dawnbench.cli.exit_codes import DONE, INTERRUPTED, NOT_MEASURED
from dawnbench.cli.options import resolve
from dawnbench.errors import DawnbenchError


@dataclass(frozen=True)
class Side:
    """What takes turns."""

    name: str
    command: Callable[[int, int], list[str]]
    """From a number of trials and the seed of the first to what runs them and prints JSON lines."""


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
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.peers",
        description=__doc__,
        epilog="Peers known by name: " + "; ".join(f"{peer.name} ({peer.source})" for peer in PEERS.values()),
    )
    add = parser.add_argument
    add(
        "--peer",
        action="append",
        required=True,
        metavar="NAME=PATH",
        help="Measure this peer's script; repeatable.",
    )
    add("--ours", default="speedrun", metavar="RECIPE", help="Compare this recipe with them.")
    add("--set", action="append", default=[], metavar="KEY=VALUE", help="Change a leaf of the recipe.")
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
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is too few; give 1 or more")
    return number


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
    for side, first, count in order(_sides(given, peers), given.trials, block):
        print(f"{side.name}: trial {first} to {first + count - 1}", flush=True)
        turns.append(Turn(side.name))
        try:
            take_turn(turns[-1], side.command(count, given.seed + first - 1), count)
        finally:
            out.write_text(
                page(given.ours, [peer for peer, _ in peers], given.device, turns, command), encoding="utf-8"
            )
        if turns[-1].problem:
            print(f"peers: turn {len(turns)}, {side.name}: {turns[-1].problem}", file=sys.stderr)
    print(out)
    return NOT_MEASURED if any(turn.problem for turn in turns) else DONE


def _sides(given: argparse.Namespace, peers: Sequence[tuple[Peer, Path]]) -> list[Side]:
    where = {"data": given.data, "device": given.device, "out": str(given.runs)}
    epochs = given.epochs_of_peer if given.device == "cpu" else None

    def ours(trials: int, seed: int) -> list[str]:
        options = {**where, "trials": trials, "seed": seed}
        words = [f"--{name}={value}" for name, value in options.items()]
        words += [f"--set={setting}" for setting in given.set]
        return [sys.executable, "-m", "dawnbench", "run", given.ours, "--json", *words]

    def side_of(peer: Peer, script: Path) -> Side:
        def command(trials: int, seed: int) -> list[str]:
            request = Request(
                peer=peer.name, script=str(script), trials=trials, seed=seed, epochs=epochs, **where
            )
            return [sys.executable, "-m", "benchmarks.peers.child", json.dumps(asdict(request))]

        return Side(peer.name, command)

    return [Side(given.ours, ours), *(side_of(peer, script) for peer, script in peers)]


def order(sides: Sequence[Side], trials: int, block: int) -> Iterator[tuple[Side, int, int]]:
    """Yield side, number of the side's first trial (from 1) and trials of each turn."""
    for number, first in enumerate(range(1, trials + 1, block)):
        count = min(block, trials + 1 - first)
        for side in abba(sides, number):
            yield side, first, count


def take_turn(turn: Turn, command: list[str], count: int) -> None:
    """Run a turn of so many trials in a process of its own, and print each trial as it ends."""
    done = 0
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as said:
        process = subprocess.Popen(
            command,
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=said,
            encoding="utf-8",
        )
        try:
            assert process.stdout is not None
            for line in process.stdout:
                event = json.loads(line)
                if event["event"] == "run":
                    turn.folder = Path(event["folder"])
                elif event["event"] == "trial" and event["status"] in ("finished", "diverged"):
                    done += 1
                    seconds, accuracy = event["seconds"].get("strict"), event["accuracy"]
                    took = event["status"] if seconds is None else f"{seconds:.3f} s"
                    print(f"  {took}{'' if accuracy is None else f', {accuracy:.2%}'}", flush=True)
            status = process.wait()
        finally:
            stop(process)
        said.seek(0)
        complete = status == 0 and done == count
        turn.problem = None if complete else f"{done} of {count} trials: {last_line(said.read())}"


def _public(word: str) -> str:
    """Return an argument as a page may show it: of a path only its last part."""
    name, separator, path = word.partition("=")
    if separator and Path(path).is_absolute():
        return f"{name}={Path(path).name}"
    return Path(word).name if Path(word).is_absolute() else word


if __name__ == "__main__":
    sys.exit(main())
