"""The shortest time of a call, by the device's clock."""

from __future__ import annotations

import pytest

from dawnbench.profiling.peaks import fastest
from tests.engine.fakes import FakeDevice


def test_short_calls_are_timed_in_batches_that_the_clock_can_see() -> None:
    device = FakeDevice()
    timing = fastest(lambda: device.happened("call", 100_000), device, 0.05)
    assert timing.seconds == pytest.approx(1e-4)
    marks = [i for i, what in enumerate(device.journal) if what == "mark"]
    assert marks[-1] - marks[-2] - 1 == 32, "the first power of two of 0.1 ms calls beyond 2 ms"
    assert timing.calls % 32 == 0
    assert device.journal[0] == "call", "the first call is not timed"


def test_the_fastest_batch_counts() -> None:
    device = FakeDevice()
    lengths = iter([9_000_000, 7_000_000, 5_000_000])
    timing = fastest(lambda: device.happened("call", next(lengths, 6_000_000)), device, 0.01)
    assert timing.seconds == pytest.approx(5e-3)


def test_a_call_beyond_the_limit_is_timed_once() -> None:
    device = FakeDevice()
    assert fastest(lambda: device.happened("call", 3_000_000_000), device, 0).calls == 1
