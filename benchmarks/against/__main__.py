"""Is a training step of the working tree slower than that of an earlier revision?

Both are trained in turns of a few small steps on the CPU, each in a process of its own, old, new, new, old,
and in several pairs of processes. Exit status 1: slower by 3 % or more; 2: cannot tell, or nothing measured.
"""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
from pathlib import Path

from benchmarks.against.measurement import SIDES, measure
from benchmarks.against.side import RefusedError
from benchmarks.against.steps import SMALL
from benchmarks.against.trees import copy_working_tree, unpack_revision
from benchmarks.against.verdict import SLOWER, UNSURE, judge, percent
from dawnbench.errors import DawnbenchError

MIN_PAIRS = 6
"""With fewer not even the interval from the least to the most holds the median 95 % of the time."""
INTERRUPTED = 130


def main() -> int:
    given = _arguments().parse_args()
    # Whoever ends the program is to find no process and no folder left over.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with tempfile.TemporaryDirectory(prefix="dawnbench-against-") as folder:
            return _compare(given, Path(folder))
    except DawnbenchError as error:
        print(f"against: {error}", file=sys.stderr)
        return UNSURE
    except KeyboardInterrupt:
        print("against: interrupted", file=sys.stderr)
        return INTERRUPTED


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.against", description=__doc__)
    add = parser.add_argument
    add("revision", metavar="REVISION", help="A commit, a tag or a branch of this repository.")
    add("--recipe", action="append", choices=tuple(SMALL), help="Repeatable; all of them if not given.")
    add("--pairs", type=_pairs, default=8, help=f"Of processes, {MIN_PAIRS} or more (8 if not given).")
    add(
        "--threads",
        type=_threads,
        default=1,
        help="1 if not given: judged by processor time; more by wall time.",
    )
    return parser


def _pairs(text: str) -> int:
    number = int(text)
    if number < MIN_PAIRS:
        raise argparse.ArgumentTypeError(f"{text} are too few for an interval; give {MIN_PAIRS} or more")
    return number


def _threads(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} threads cannot train; give 1 or more")
    return number


def _compare(given: argparse.Namespace, folder: Path) -> int:
    old, new = (folder / name for name in SIDES)
    commit = unpack_revision(given.revision, old)
    copy_working_tree(new)
    print(f"A training step of the working tree against one of {commit}:")
    clock = "processor time on 1 thread" if given.threads == 1 else f"wall time on {given.threads} threads"
    print(f"{clock}, median of {given.pairs} pairs of processes (95 % interval)")
    found = [_one(recipe, folder, given) for recipe in given.recipe or SMALL]
    statuses = [status for status in found if status is not None]
    return SLOWER if SLOWER in statuses else max(statuses, default=UNSURE)


def _one(recipe: str, folder: Path, given: argparse.Namespace) -> int | None:
    """Print what is found and return its status; None where the revision has no such recipe."""

    def progress(pair: int) -> None:
        if sys.stderr.isatty():
            print(f"\r{recipe}: pair {pair} of {given.pairs} ", end="", file=sys.stderr, flush=True)

    try:
        measured = measure(folder, recipe, given.pairs, given.threads, progress)
    except RefusedError as error:
        print(f"{recipe}: not compared, for at {given.revision} {error}")
        return None
    finally:
        if sys.stderr.isatty():
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)
    verdict = judge(recipe, measured)
    print(verdict.sentence)
    old, new, wall = *measured.step_seconds, measured.wall
    by_wall = f"; wall time {percent(wall.median)} ({percent(wall.low)} to {percent(wall.high)})"
    print(f"  {1e3 * old:.1f} ms then, {1e3 * new:.1f} ms now{by_wall if given.threads == 1 else ''}")
    return verdict.status


if __name__ == "__main__":
    sys.exit(main())
