"""The ratio of two packages' steps, from pairs of processes that take turns."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.against.side import RefusedError, Turn, open_side
from benchmarks.against.steps import SMALL, settings_of, write_images
from benchmarks.ratios import Ratio, paired_ratio
from dawnbench.errors import DawnbenchError

TURNS = 16
"""Of each process, behind one to warm up."""
SIDES = ("old", "new")
"""The names of their folders, of one length."""

PairOfTurns = tuple[Turn, Turn]


@dataclass(frozen=True)
class Measured:
    """The working tree's step over the revision's."""

    ratio: Ratio
    """By the clock that judges; a pair is a pair of processes."""
    wall: Ratio
    step_seconds: tuple[float, float]
    """Old and new, by the clock that judges; the median over all turns."""


def measure(
    folder: Path, recipe: str, pairs: int, threads: int, progress: Callable[[int], None] = lambda _pair: None
) -> Measured:
    """Time the recipe's steps in so many pairs of processes; `folder` holds the trees `old` and `new`.

    A process keeps the places that its memory and its code have got, and with them a little of its speed, for
    as long as it lives; so what is sure is judged by how the pairs of processes differ, not their turns.

    Raises:
        RefusedError: the revision does not know the recipe or a setting of it.
        DawnbenchError: a process broke off, or the working tree does not know the recipe.
    """
    # On one thread processor time is the step's time less what others took of the core. Threads that wait for
    # each other spin, and that is processor time as well.
    clock: Callable[[Turn], float] = (lambda turn: turn.cpu) if threads == 1 else (lambda turn: turn.wall)
    found = []
    for pair in range(pairs):
        found.append(_pair(folder, recipe, threads, pair))
        progress(pair + 1)
    steps = SMALL[recipe].steps
    old, new = (median(clock(both[side]) for turns in found for both in turns) / steps for side in (0, 1))
    return Measured(_ratio(found, clock), _ratio(found, lambda turn: turn.wall), (old, new))


def _ratio(found: list[list[PairOfTurns]], clock: Callable[[Turn], float]) -> Ratio:
    ratios = [median(clock(new) / clock(old) for old, new in turns) for turns in found]
    return paired_ratio(ratios, [1.0] * len(ratios))


def _pair(folder: Path, recipe: str, threads: int, number: int) -> list[PairOfTurns]:
    """Return the turns of one pair of processes, old and new, in the order in which they began."""
    images = write_images(folder, SMALL[recipe].steps)
    settings = settings_of(recipe, images, 1 + TURNS)
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
            # Old, new, new, old: a machine that slows steadily slows both alike.
            taken = {side: turn(side) for side in ((0, 1) if count % 2 == 0 else (1, 0))}
            turns.append((taken[0], taken[1]))
        return turns
