"""How many trials a verdict takes at least, and the command that runs them."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from itertools import count

from dawnbench.stats.ranks import Alternative, least_p_value, least_signed_rank_p_value

ALPHA = 0.01
"""Of the rank test behind a verdict: in a hundred comparisons of a thing with itself, one may go wrong."""
MEANS_ALPHA = 0.05
"""Of the test that the means differ too, which a verdict needs if trials missed the target."""


def missing_trials(
    reference: int,
    other: int,
    *,
    alpha: float = ALPHA,
    alternative: Alternative = "two-sided",
    fixed_reference: bool = False,
) -> tuple[int, int]:
    """Return how many more trials of the reference and the other a rank test below `alpha` takes at least.

    The side with fewer trials gets the next one, or always the other if the reference is fixed, which then
    needs a trial. (0, 0) if perfectly separated trials could already show a difference.
    """
    n, m = reference, other
    while least_p_value(n, m, alternative) >= alpha:
        if fixed_reference or m < n:
            m += 1
        elif n < m:
            n += 1
        else:
            n, m = n + 1, m + 1
    return n - reference, m - other


def missing_pairs(pairs: int) -> int:
    """Return how many more pairs a verdict takes at least; 0 if they could already show a difference."""
    needed = next(n for n in count() if least_signed_rank_p_value(n) < ALPHA)
    return max(0, needed - pairs)


def too_few_to_compare(trials: int) -> str | None:
    """Return what a run of so many trials cannot show, to be said before it starts; None if it can."""
    _, missing = missing_trials(trials, trials)
    return _cannot(trials, "trial", "which of two runs is faster", missing)


def too_few_pairs(pairs: int) -> str | None:
    """Return that so many pairs cannot give a verdict, to be said before they run; None if they can."""
    return _cannot(pairs, "pair", "which side is faster", missing_pairs(pairs))


def _cannot(count: int, what: str, which: str, missing: int) -> str | None:
    have = f"1 {what}" if count == 1 else f"{count} {what}s"
    return f"{have} cannot show {which}; that takes --trials {count + missing}" if missing else None


def again(command: Sequence[str], trials: int, devices: int = 1, nodes: int = 1) -> str | None:
    """Return a recorded `dawnbench run` or `ab` command with that many trials; None for anything else."""
    if tuple(command[:2]) not in (("dawnbench", "run"), ("dawnbench", "ab")):
        return None
    kept = [
        word
        for before, word in zip(("", *command), command, strict=False)
        if "--trials" not in (before, word) and not word.startswith("--trials=")
    ]
    return shlex.join(as_launched([*kept, "--trials", str(trials)], devices, nodes))


def as_launched(command: Sequence[str], devices: int, nodes: int) -> tuple[str, ...]:
    """Return a recorded command as it starts a process per device: by torchrun, unless it has `--gpus`.

    A command for several nodes is to be given on each of them, with one of them for HOST.
    """
    starts_them = any(word.partition("=")[0] == "--gpus" for word in command)
    if devices == 1 or starts_them or not command:
        return tuple(command)
    meeting = ("--rdzv-backend", "c10d", "--rdzv-endpoint", "HOST:29500")
    several = ("--nnodes", str(nodes), *meeting) if nodes > 1 else ()
    return ("torchrun", *several, "--nproc-per-node", str(max(1, devices // nodes)), "-m", *command)
