"""Which seeds a run may go from."""

from __future__ import annotations

from typing import Any

import pytest

from dawnbench.errors import DawnbenchError
from dawnbench.recipes.constraints import MAX_SEED, check_seeds


@pytest.mark.parametrize(("first", "trials"), [(0, 1), (0, 10), (MAX_SEED, 1), (MAX_SEED - 2, 3)])
def test_seeds_of_63_bits_are_taken(first: int, trials: int) -> None:
    check_seeds(first, trials)


@pytest.mark.parametrize(
    ("first", "trials", "said"),
    [
        (MAX_SEED + 1, 1, "seed=9223372036854775808 must lie between 0 and 9223372036854775807"),
        (2**64, 1, "seed=18446744073709551616 must lie between"),
        (-1, 1, "seed=-1 must lie between 0"),
        (MAX_SEED - 1, 3, "gives the last of 3 trials the seed 9223372036854775808, .* from a smaller seed"),
        (1.5, 1, "seed=1.5 has the wrong type"),
        (True, 1, "seed=True has the wrong type"),
    ],
)
def test_seeds_that_a_trial_could_not_take_are_refused(first: Any, trials: int, said: str) -> None:
    with pytest.raises(DawnbenchError, match=said):
        check_seeds(first, trials)
