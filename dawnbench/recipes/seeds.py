"""From which seeds a run may go."""

from __future__ import annotations

from dawnbench.recipes.constraints import require

MAX_SEED = 2**63 - 1
"""torch would take twice as many and negative ones, which are other names of the same; but tables in Parquet,
pandas and the trackers' databases keep whole numbers in 64 bits with a sign."""


def check_seeds(first: int, trials: int) -> None:
    """Refuse seeds that not every trial of a run could take; each trial's is one more than the last.

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
        f"seed={first} gives the last of {trials} trials the seed {last}, and the largest is {MAX_SEED} "
        "(2**63 - 1); start from a smaller one",
    )
