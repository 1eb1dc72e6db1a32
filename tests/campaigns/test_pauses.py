"""A trial that stood still says so."""

from __future__ import annotations

import sys
import time

import pytest

from dawnbench.campaigns.pauses import pause_warning, suspend_warning, suspended_ns
from dawnbench.records.schema import Segment
from dawnbench.telemetry.history import Gap

S = 1_000_000_000
SEGMENTS = (
    Segment("reset", None, 0, S),
    Segment("train", 1, S, 9 * S),
    Segment("evaluate", 1, 10 * S, S),
    Segment("train", 2, 11 * S, 9 * S),
)


@pytest.mark.parametrize(
    ("start", "length", "where"),
    [
        (3 * S, 6 * S, "for 6.0 s in epoch 1: "),
        (9 * S, 3 * S, "for 3.0 s in epochs 1 to 2: "),
        (0, S, "for 1.0 s: "),
        (30 * S, 2 * S, "for 2.0 s: "),
    ],
)
def test_a_silence_is_told_with_its_seconds_and_its_epoch(start: int, length: int, where: str) -> None:
    began_ns = 700 * S
    assert f"nothing was sampled {where}" in str(
        pause_warning(Gap(began_ns + start, length), began_ns, SEGMENTS)
    )


def test_no_silence_is_no_warning() -> None:
    assert pause_warning(None, 0, SEGMENTS) is None


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no clock that counts suspension")
def test_a_suspended_machine_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    before, read = suspended_ns(), time.clock_gettime_ns
    assert suspend_warning(before, suspended_ns()) is None
    monkeypatch.setattr(
        time, "clock_gettime_ns", lambda clock: read(clock) + 3600 * S * (clock == time.CLOCK_BOOTTIME)
    )
    assert "suspended for 3600.0 s" in str(suspend_warning(before, suspended_ns()))


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no clock that counts suspension")
def test_a_wait_between_two_looks_at_the_clocks_is_no_suspension(monkeypatch: pytest.MonkeyPatch) -> None:
    looks = iter([0, 7 * S, 7 * S, *[7 * S] * 12])
    monkeypatch.setattr(time, "clock_gettime_ns", lambda _clock: next(looks))
    assert suspended_ns() == 0


def test_a_system_without_that_clock_tells_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(time, "CLOCK_BOOTTIME", raising=False)
    assert suspended_ns() == 0
