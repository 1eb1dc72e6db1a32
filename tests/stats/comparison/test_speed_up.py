"""What more devices of one kind bring, in times as fast and as a share of the ideal."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dawnbench.records.trial_set import TrialSet
from dawnbench.stats.comparison.compare import compare
from dawnbench.stats.comparison.speed_up import SpeedUp, speed_up, speed_up_sentence
from tests.stats.trial_sets import timed

ALONE = (80.0, 81.0, 79.0, 80.5, 79.5)
EIGHT = (12.5, 12.6, 12.4, 12.55, 12.45)


def gained(reference: TrialSet, other: TrialSet, **options: Any) -> SpeedUp | None:
    return speed_up(compare(reference, other, **options))


def known(reference: TrialSet, other: TrialSet) -> SpeedUp:
    found = gained(reference, other)
    assert found is not None
    return found


def test_eight_devices_against_one() -> None:
    found = known(timed(*ALONE), timed(*EIGHT, name="b", devices=8))
    assert (found.rule, found.devices, found.nodes) == ("dawnbench", (1, 8), (1, 1))
    assert (found.value, found.ideal, found.efficiency) == pytest.approx((6.4, 8.0, 0.8))
    assert found.interval is not None
    assert 6.2 < found.interval.low < 6.4 < found.interval.high < 6.6
    assert speed_up_sentence(found) == (
        f"Speed-up of 8 devices over 1: 6.40 (99 % interval {found.interval.low:.2f} to "
        f"{found.interval.high:.2f}), an efficiency of 80.0 % ({12.5 * found.interval.low:.1f} to "
        f"{12.5 * found.interval.high:.1f} %)"
    )


def test_two_nodes_are_named() -> None:
    found = known(timed(40.0, devices=8), timed(20.0, name="b", devices=16, nodes=2))
    assert (found.ideal, found.efficiency, found.interval) == (2.0, 1.0, None)
    assert speed_up_sentence(found) == (
        "Speed-up of 16 devices on 2 nodes over 8: 2.00, an efficiency of 100.0 %"
    )


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"devices": 1, "precision": "fp32"},
        {"devices": 8, "precision": "fp32"},
        {"devices": 8, "device_name": "NVIDIA A100"},
        {"devices": 8, "target": 0.93},
    ],
)
def test_there_is_none_if_something_else_differs_too(changes: dict[str, Any]) -> None:
    assert gained(timed(*ALONE), timed(*EIGHT, name="b", **changes), across=True) is None


def test_as_many_devices_on_more_nodes_have_none() -> None:
    assert gained(timed(*EIGHT, devices=8), timed(*ALONE, name="b", devices=8, nodes=2)) is None


@pytest.mark.parametrize(("alone", "eight"), [((None,), EIGHT), (ALONE, (None,)), ((None,), (None,))])
def test_without_a_time_there_is_none(alone: tuple[float | None, ...], eight: tuple[float, ...]) -> None:
    assert gained(timed(*alone), timed(*eight, name="b", devices=8)) is None


def test_misses_leave_a_sentence_without_infinite_bounds() -> None:
    found = known(timed(*ALONE), timed(*EIGHT[:2], None, None, None, name="b", devices=8))
    assert "inf" not in speed_up_sentence(found)


seconds = st.lists(st.one_of(st.none(), st.floats(1.0, 1e4)), min_size=1, max_size=8)
counts = st.tuples(st.integers(1, 64), st.integers(1, 64)).filter(lambda pair: pair[0] != pair[1])


@settings(max_examples=30)
@given(a=seconds, b=seconds, devices=counts)
def test_it_does_not_matter_which_of_the_two_is_the_reference(
    a: list[float | None], b: list[float | None], devices: tuple[int, int]
) -> None:
    one, two = timed(*a, devices=devices[0]), timed(*b, name="b", devices=devices[1])
    there, back = gained(one, two), gained(two, one)
    assert (there is None) == (back is None)
    if there is None or back is None:
        return
    assert (there.devices, there.value) == (back.devices, pytest.approx(back.value))
    assert there.devices[0] < there.devices[1]
    assert (there.interval is None) == (back.interval is None)
    if there.interval is not None and back.interval is not None:
        assert there.interval.low == pytest.approx(back.interval.low, rel=1e-6)
        assert there.interval.high == pytest.approx(back.interval.high, rel=1e-6)


@settings(max_examples=30)
@given(a=seconds, b=seconds, devices=counts)
def test_the_efficiency_is_the_speed_up_over_the_ideal_and_says_what_the_verdict_says(
    a: list[float | None], b: list[float | None], devices: tuple[int, int]
) -> None:
    fewer, more = sorted(devices)
    comparison = compare(timed(*a, devices=fewer), timed(*b, name="b", devices=more))
    found = speed_up(comparison)
    if found is None:
        return
    assert math.isclose(found.efficiency * more / fewer, found.value)
    bounds, of_ideal = found.interval, found.efficiency_interval
    assert (bounds is None) == (of_ideal is None)
    if bounds is not None and of_ideal is not None:
        assert bounds.low <= bounds.high
        assert (bounds.low > 1, bounds.high < 1) == _excludes(comparison)
        assert of_ideal.low * found.ideal == pytest.approx(bounds.low)
    if comparison.verdict.word == "faster":
        assert found.value > 1


def _excludes(comparison: Any) -> tuple[bool, bool]:
    interval = comparison.verdict.ratio.interval
    return interval.high < 1, interval.low > 1


@settings(max_examples=20)
@given(st.floats(0.1, 10.0), st.integers(2, 64))
def test_an_ideal_speed_up_has_an_efficiency_of_one(second: float, devices: int) -> None:
    one = timed(devices * second)
    found = known(one, replace(timed(second, devices=devices), name="b"))
    assert found.efficiency == pytest.approx(1.0)
