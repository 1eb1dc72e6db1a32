from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.against import SAME, SLOWDOWN, SLOWER, UNSURE, Measured, enough, judge
from dawnbench.stats.comparison.outcome import Ratio
from dawnbench.stats.intervals import Interval


def measured(low: float, median: float, high: float, pairs: int = 8) -> Measured:
    ratio = Ratio(median, Interval(low, high))
    return Measured(ratio, ratio, (0.05, 0.05 * median), pairs)


@pytest.mark.parametrize(
    ("found", "status", "told"),
    [
        (measured(0.995, 1.001, 1.006), SAME, "no slowdown of 3%: +0.1% (-0.5% to +0.6%)"),
        (measured(1.032, 1.035, 1.041), SLOWER, "SLOWER by +3.5% (+3.2% to +4.1%)"),
        # Half of all slowdowns of just 3 % are measured as less.
        (measured(1.022, 1.028, 1.034), SLOWER, "SLOWER by +2.8%"),
        (measured(1.006, 1.010, 1.014), SAME, "no slowdown of 3%: +1.0%"),
        # However wide: it is slower, and by more than 3 % as far as anybody can tell.
        (measured(1.010, 1.050, 1.090), SLOWER, "SLOWER by +5.0%"),
        (measured(0.980, 1.010, 1.040), UNSURE, "cannot tell: +1.0% (-2.0% to +4.0%)"),
        (measured(1.002, 1.020, 1.060), UNSURE, "; --pairs 30 may"),
        (measured(0.940, 0.950, 0.960), SAME, "faster by -5.0%"),
    ],
)
def test_what_is_said_of_an_interval(found: Measured, status: int, told: str) -> None:
    verdict = judge("davidnet", found)
    assert verdict.status == status
    assert told in verdict.sentence


@given(st.integers(6, 1000), st.floats(SLOWDOWN * 1.01, 1.0))
def test_so_many_pairs_as_are_said_make_the_interval_narrow(pairs: int, width: float) -> None:
    assert enough(width, pairs) > pairs
    assert width * (pairs / enough(width, pairs)) ** 0.5 <= SLOWDOWN * 1.0001
