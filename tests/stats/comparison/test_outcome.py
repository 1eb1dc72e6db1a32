from __future__ import annotations

import math

import pytest

from dawnbench.stats.bootstrap import Interval
from dawnbench.stats.comparison.outcome import Ratio, word

SURE, UNSURE = 0.001, 0.9


def ratio(value: float, low: float, high: float) -> Ratio:
    return Ratio(value, Interval(low, high))


@pytest.mark.parametrize(
    ("found", "p_faster", "p_slower", "expected"),
    [
        (ratio(0.9, 0.85, 0.95), SURE, UNSURE, "faster"),
        (ratio(1.1, 1.05, 1.15), UNSURE, SURE, "slower"),
        (ratio(1.1, 1.05, math.inf), UNSURE, SURE, "slower"),
        (ratio(math.inf, math.inf, math.inf), UNSURE, SURE, "slower"),
        (ratio(0.0, 0.0, 0.0), SURE, UNSURE, "faster"),
        # Only the test, or only the interval.
        (ratio(0.9, 0.85, 1.05), SURE, UNSURE, "no difference shown"),
        (ratio(0.9, 0.85, 1.0), SURE, UNSURE, "no difference shown"),
        (ratio(0.9, 0.85, 0.95), 0.02, 0.98, "no difference shown"),
        # 0.005 on one side is 0.01 two-sided, which is not below 0.01.
        (ratio(0.9, 0.85, 0.95), 0.005, UNSURE, "no difference shown"),
        (ratio(0.9, 0.85, 0.95), 0.0049, UNSURE, "faster"),
        # Ranks that contradict the ratio.
        (ratio(0.9, 0.85, 0.95), UNSURE, SURE, "no difference shown"),
        (ratio(1.1, 1.05, 1.15), SURE, UNSURE, "no difference shown"),
        # No interval or no ratio.
        (None, 1.0, 1.0, "no difference shown"),
        (Ratio(0.5, None), SURE, UNSURE, "no difference shown"),
    ],
)
def test_a_difference_needs_a_test_and_an_interval_on_the_same_side(
    found: Ratio | None, p_faster: float, p_slower: float, expected: str
) -> None:
    assert word(found, p_faster, p_slower, could_tell=True) == expected


def test_too_few_trials_show_nothing_however_far_apart() -> None:
    assert word(ratio(0.1, 0.1, 0.1), 0.0, 1.0, could_tell=False) == "cannot tell with so few trials"
