"""Is a training step of the working tree slower than that of an earlier revision?

Both are trained in turns of a few small steps on the CPU, each in a process of its own, old, new, new, old,
and in several pairs of processes. Exit status 1: slower by 3 % or more; 2: cannot tell, or nothing measured.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from benchmarks.images import write_images
from benchmarks.processes import last_line
from benchmarks.ratios import abba, paired_ratio, width
from benchmarks.trees import copy_working_tree, unpack_revision
from dawnbench.errors import DawnbenchError
from dawnbench.stats.comparison.outcome import Ratio

WORKER = Path(__file__).parent / "against_worker.py"
THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS")
SIDES = ("old", "new")
"""The names of their folders, of one length."""
TURNS = 16
"""Of each process, after one to warm up."""
MIN_PAIRS = 6
"""With fewer, not even the interval from the least to the most holds the median 95 % of the time."""
SLOWDOWN = 0.03
"""The least that is to be found, and the widest interval by which it can be."""
SAME, SLOWER, UNSURE, INTERRUPTED = 0, 1, 2, 130
"""The exit statuses."""
BATCH, TEST_IMAGES = 128, 20
DAVIDNET = "model.widths=[8,16,32,64]"
SMALL: dict[str, tuple[int, tuple[str, ...]]] = {
    "davidnet": (5, (DAVIDNET,)),
    "davidnet-10": (5, (DAVIDNET, "model.norm_splits=4")),
    # Its average is one of the last steps only; so every turn has it.
    "speedrun": (
        4,
        ("model.widths=[16,32,32]", f"model.whitening_images={BATCH}", "average.last_steps=1000000"),
    ),
}
"""By recipe the steps of a turn, as many as lie between two updates of its average, and the settings
with which a step takes about 50 ms on one core."""


class RefusedError(DawnbenchError):
    """The package of one side does not train the recipe so; the message is its own sentence."""


@dataclass(frozen=True)
class Turn:
    """What the steps of one turn took."""

    wall: float
    """Seconds."""
    cpu: float
    """Seconds of processor time, user and system, of all threads of the process."""


@dataclass(frozen=True)
class Measured:
    """The working tree's step over the revision's."""

    ratio: Ratio
    """By the clock that judges; one per pair of processes."""
    wall: Ratio
    step_seconds: tuple[float, float]
    """Old and new, by the clock that judges; the median over all turns."""
    pairs: int


class Verdict(NamedTuple):
    """What is said of one recipe."""

    status: int
    sentence: str


@dataclass(frozen=True)
class Side:
    """A process that waits to be granted a turn."""

    name: str
    """Of the folder."""
    process: subprocess.Popen[str]
    said: Any
    """The file of what it writes to stderr."""

    def turn(self) -> Turn:
        """Let it train one turn.

        Raises:
            RefusedError: the package does not know the recipe or one of its settings.
            DawnbenchError: the process ended; the sentence has its last word.
        """
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        try:
            self.process.stdin.write("\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass  # its last answer may still tell why
        answer = self.process.stdout.readline()
        if not answer:
            self.said.seek(0)
            raise DawnbenchError(f"a process that trained broke off: {last_line(self.said.read())}")
        found = json.loads(answer)
        if "refused" in found:
            raise RefusedError(found["refused"])
        return Turn(**found)


@contextmanager
def open_side(tree: Path, recipe: str, settings: list[str], threads: int, out: Path) -> Iterator[Side]:
    """Start the process with the package that lies in `tree`, and end it after the block."""
    path = os.pathsep.join(filter(None, (str(tree), os.environ.get("PYTHONPATH"))))
    request = {"recipe": recipe, "settings": settings, "threads": threads, "out": str(out)}
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as said:
        process = subprocess.Popen(
            [sys.executable, "-P", str(WORKER), json.dumps(request)],
            cwd=tree,
            env=os.environ | {"PYTHONPATH": path} | dict.fromkeys(THREADS, str(threads)),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=said,
            encoding="utf-8",
        )
        try:
            yield Side(tree.name, process, said)
        finally:
            # Nothing of it is kept, so it need not be asked to end.
            process.kill()
            process.communicate()


def measure(folder: Path, recipe: str, pairs: int, threads: int) -> Measured:
    """Time the recipe's steps in so many pairs of processes; `folder` holds the trees `old` and `new`.

    A process keeps the places that its memory and its code have got, and with them a little of its speed, for
    as long as it lives; so the interval is over the pairs of processes, not over their turns.

    Raises:
        RefusedError: the revision does not know the recipe or a setting of it.
        DawnbenchError: a process broke off, or the working tree does not know the recipe.
    """
    found = []
    try:
        for pair in range(pairs):
            found.append(_pair(folder, recipe, threads, pair))
            _progress(f"{recipe}: pair {pair + 1} of {pairs} ")
    finally:
        _progress("\x1b[K")

    def ratio(clock: str) -> Ratio:
        medians = [median(getattr(n, clock) / getattr(o, clock) for o, n in turns) for turns in found]
        return paired_ratio(medians, [1.0] * pairs)

    # On one thread processor time is the step's time less what others took of the core. Threads that wait for
    # each other spin, and that is processor time as well.
    clock = "cpu" if threads == 1 else "wall"
    turns, steps = [both for of_pair in found for both in of_pair], SMALL[recipe][0]
    old, new = (median(getattr(both[side], clock) for both in turns) / steps for side in (0, 1))
    return Measured(ratio(clock), ratio("wall"), (old, new), pairs)


def _progress(text: str) -> None:
    if sys.stderr.isatty():
        print(f"\r{text}", end="", file=sys.stderr, flush=True)


def _pair(folder: Path, recipe: str, threads: int, number: int) -> list[tuple[Turn, Turn]]:
    """Return the turns of one pair of processes, old and new."""
    steps, small = SMALL[recipe]
    images = write_images(folder / f"random-{steps}.npz", BATCH * steps, TEST_IMAGES)
    settings = [*small, f"batch_size={BATCH}", f"dataset.name={images}", f"epochs={1 + TURNS}"]
    with ExitStack() as stack:
        sides = [
            stack.enter_context(open_side(folder / name, recipe, settings, threads, folder / "runs"))
            for name in SIDES
        ]

        def turn(side: int) -> Turn:
            try:
                return sides[side].turn()
            except RefusedError as error:
                if SIDES[side] == "old":
                    raise
                raise DawnbenchError(f"the working tree does not train {recipe}: {error}") from error

        for side in (0, 1):
            turn(side)
        turns = []
        for count in range(number, number + TURNS):
            taken = {side: turn(side) for side in abba((0, 1), count)}
            turns.append((taken[0], taken[1]))
        return turns


def judge(recipe: str, measured: Measured) -> Verdict:
    """Return whether the step became slower by 3 %.

    It did if the whole interval is of slower steps and the ratio reaches 3 %, or a narrow interval does:
    otherwise half of all slowdowns of just 3 % would pass.
    """
    ratio = measured.ratio
    assert ratio.interval is not None
    narrow, slower = width(ratio) <= SLOWDOWN, ratio.interval.low > 1
    if slower and (ratio.value >= 1 + SLOWDOWN or (narrow and ratio.interval.high >= 1 + SLOWDOWN)):
        return Verdict(SLOWER, f"{recipe}: SLOWER by {shown(ratio)}")
    if not narrow:
        pairs = enough(width(ratio), measured.pairs)
        return Verdict(UNSURE, f"{recipe}: cannot tell: {shown(ratio)}; --pairs {pairs} may")
    if ratio.interval.high < 1 and ratio.value <= 1 - SLOWDOWN:
        return Verdict(SAME, f"{recipe}: faster by {shown(ratio)}")
    return Verdict(SAME, f"{recipe}: no slowdown of {SLOWDOWN:.0%}: {shown(ratio)}")


def enough(interval: float, pairs: int) -> int:
    """Return how many pairs make the interval narrow: its width falls with the root of their number."""
    return max(pairs + 1, math.ceil(pairs * (interval / SLOWDOWN) ** 2))


def shown(ratio: Ratio) -> str:
    assert ratio.interval is not None
    return f"{ratio.value - 1:+.1%} ({ratio.interval.low - 1:+.1%} to {ratio.interval.high - 1:+.1%})"


def main() -> int:
    given = _arguments().parse_args()
    # Whoever ends the program must find no process and no folder left over.
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
    add("revision", metavar="REVISION", help="Compare with this commit, tag or branch.")
    add("--recipe", action="append", choices=tuple(SMALL), help="Time only this recipe; repeatable.")
    add("--pairs", type=_at_least(MIN_PAIRS), default=8, help="Run so many pairs of processes (8).")
    add("--threads", type=_at_least(1), default=1, help="Train on so many threads; 2 or more by wall time.")
    return parser


def _at_least(least: int) -> Callable[[str], int]:
    def number(text: str) -> int:
        if int(text) < least:
            raise argparse.ArgumentTypeError(f"{text} is too few; give {least} or more")
        return int(text)

    return number


def _compare(given: argparse.Namespace, folder: Path) -> int:
    old, new = (folder / name for name in SIDES)
    commit = unpack_revision(given.revision, old)
    copy_working_tree(new)
    print(f"A training step of the working tree compared with one of {commit}:")
    clock = "processor time on 1 thread" if given.threads == 1 else f"wall time on {given.threads} threads"
    print(f"{clock}, median of {given.pairs} pairs of processes (95 % interval)")
    statuses = []
    for recipe in given.recipe or SMALL:
        try:
            measured = measure(folder, recipe, given.pairs, given.threads)
        except RefusedError as error:
            print(f"{recipe}: not compared, for at {given.revision} {error}")
            continue
        verdict = judge(recipe, measured)
        print(verdict.sentence)
        before, now = (1e3 * seconds for seconds in measured.step_seconds)
        wall = f"; wall time {shown(measured.wall)}" if given.threads == 1 else ""
        print(f"  {before:.1f} ms then, {now:.1f} ms now{wall}")
        statuses.append(verdict.status)
    return SLOWER if SLOWER in statuses else max(statuses, default=UNSURE)


if __name__ == "__main__":
    sys.exit(main())
