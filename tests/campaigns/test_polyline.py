"""Schedules kept as corners."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dawnbench.campaigns.learning_rates import TOLERANCE, simplify_polyline


def redrawn(kept: tuple[tuple[int, float], ...]) -> np.ndarray:
    places, values = zip(*kept, strict=True)
    return np.interp(np.arange(places[-1] + 1), places, values)


@given(st.lists(st.floats(-10, 10), min_size=1, max_size=60))
def test_the_lines_come_near_to_every_value(values: list[float]) -> None:
    allowed = TOLERANCE * max(map(abs, values))
    assert np.abs(redrawn(simplify_polyline(values)) - values).max() <= allowed + 1e-12


def test_straight_lines_are_kept_by_their_corners_alone() -> None:
    values = np.interp(np.arange(2400), [0, 500, 2399], [0, 0.4, 0])
    assert [place for place, _ in simplify_polyline(list(values))] == [0, 500, 2399]


def test_a_cosine_takes_few() -> None:
    values = [0.5 + 0.5 * math.cos(math.pi * i / 10_000) for i in range(10_000)]
    kept = simplify_polyline(values)
    assert len(kept) < 200
    assert np.abs(redrawn(kept) - values).max() <= TOLERANCE


@pytest.mark.parametrize("values", [[], [0.1], [0.1, 0.2]])
def test_short_ones_are_kept_whole(values: list[float]) -> None:
    assert simplify_polyline(values) == tuple(enumerate(values))
