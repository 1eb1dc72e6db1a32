from __future__ import annotations

import math

import pytest

from dawnbench.stats.comparison.outcome import Ratio, word
from dawnbench.stats.intervals import Interval


def ratio(value: float, low: float, high: float) -> Ratio:
    return Ratio(value, Interval(low, high))


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (ratio(0.9, 0.85, 0.95), "faster"),
        (ratio(1.1, 1.05, 1.15), "slower"),
        (ratio(1.1, 1.05, math.inf), "slower"),
        (ratio(math.inf, math.inf, math.inf), "slower"),
        (ratio(0.0, 0.0, 0.0), "faster"),
        (ratio(0.9, 0.85, 1.05), "no difference shown"),
        (ratio(0.9, 0.85, 1.0), "no difference shown"),
        # An outlier moves the mean out of the interval, but not across 1.
        (ratio(0.97, 0.85, 0.95), "faster"),
        # Ranks that contradict the ratio of the means.
        (ratio(0.9, 1.05, 1.15), "no difference shown"),
        (ratio(1.1, 0.85, 0.95), "no difference shown"),
        (ratio(1.0, 0.85, 0.95), "no difference shown"),
        # No interval or no ratio.
        (None, "no difference shown"),
        (Ratio(0.5, None), "no difference shown"),
    ],
)
def test_a_difference_needs_an_interval_and_a_ratio_on_the_same_side(
    found: Ratio | None, expected: str
) -> None:
    assert word(found, could_tell=True) == expected


def test_if_misses_make_the_means_uncertain_nothing_is_shown() -> None:
    assert word(ratio(0.9, 0.85, 0.95), could_tell=True, means_differ=False) == "no difference shown"


def test_too_few_trials_show_nothing_however_far_apart() -> None:
    assert word(ratio(0.1, 0.1, 0.1), could_tell=False) == "cannot tell with so few trials"
