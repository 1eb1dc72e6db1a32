"""A pass whose clock the test moves."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest

from dawnbench.inference.timed_pass import timed_pass
from tests.engine.fakes import FakeClock


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> FakeClock:
    made = FakeClock()
    monkeypatch.setattr(time, "perf_counter_ns", lambda: made.now_ns)
    return made


def test_the_times_of_the_images_add_up_to_that_of_the_pass(clock: FakeClock) -> None:
    takes_ns = [3000, 1000, 7000]

    def answer(number: int) -> Any:
        clock.now_ns += takes_ns[number]
        return [number + 1]

    done = timed_pass(answer, 3, 1)
    assert done.seconds.tolist() == pytest.approx([3e-6, 1e-6, 7e-6])
    assert done.total_seconds == pytest.approx(11e-6)
    assert done.classes.tolist() == [[1], [2], [3]]


def test_answers_are_kept_although_the_next_one_is_in_the_same_buffer(clock: FakeClock) -> None:
    buffer = np.zeros(2, np.int64)

    def answer(number: int) -> Any:
        buffer[:] = (10 * number, 10 * number + 1)
        return buffer

    assert timed_pass(answer, 3, 2).classes.tolist() == [[0, 1], [10, 11], [20, 21]]


def test_the_loop_itself_takes_less_than_3_microseconds_an_image() -> None:
    buffer = np.zeros(1, np.int64)
    fastest = min(timed_pass(lambda _number: buffer, 1000, 1).total_seconds for _ in range(50))
    assert fastest / 1000 < 3e-6
