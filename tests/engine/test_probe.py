from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dawnbench.engine.probe import Line

whole = st.integers(0, 10**12)


@given(st.integers(1, 500), whole, st.integers(0, 10**9), st.integers(1, 10**5))
def test_two_batches_tell_every_other(size: int, fixed: int, each: int, images: int) -> None:
    sizes = (size, 2 * size)
    line = Line.through(sizes, (fixed + each * size, fixed + 2 * each * size))
    assert line.at(images) == pytest.approx(fixed + each * images, rel=1e-6, abs=1)


@given(st.integers(0, 10**10), st.integers(1, 10**7), st.integers(0, 10**12))
def test_a_line_reaches_the_room_with_the_most_images_that_fit(fixed: int, each: int, room: int) -> None:
    line = Line(fixed, each)
    most = math.floor(line.reaches(room))
    if fixed <= room:
        assert line.at(most) <= room
        assert line.at(most + 1) > room * (1 - 1e-12)
    else:
        assert most == 0


def test_a_level_line_takes_any_batch_or_none() -> None:
    assert Line(10, 0).reaches(10) == math.inf
    assert Line(10, 0).reaches(9) == 0
