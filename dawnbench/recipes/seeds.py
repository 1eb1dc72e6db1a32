"""The seeds that a run may use."""

from __future__ import annotations

from dawnbench.recipes.constraints import require

MAX_SEED = 2**63 - 1
"""torch accepts unsigned 64-bit seeds, and negative ones as aliases, but tables in Parquet, pandas and the
trackers' databases store signed 64-bit integers."""


def check_seeds(first: int, trials: int) -> None:
    """Check that every trial of a run has a valid seed; each trial's seed is one more than the last.

    Raises:
        DawnbenchError: the first is not a whole number from 0 to `MAX_SEED`, or the last is larger.
    """
    require(
        isinstance(first, int) and not isinstance(first, bool),
        f"seed={first!r} has the wrong type: it must be a whole number",
    )
    require(0 <= first <= MAX_SEED, f"seed={first} must lie between 0 and {MAX_SEED} (2**63 - 1)")
    last = first + trials - 1
    require(
        last <= MAX_SEED,
        f"seed={first} gives the last of {trials} trials the seed {last}, but the largest seed is {MAX_SEED} "
        "(2**63 - 1); start from a smaller seed",
    )
