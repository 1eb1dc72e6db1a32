from __future__ import annotations

import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dawnbench.telemetry.history import NEAREST_NS, Gap, History, Integral

POWER = {"power": "W"}

values = st.one_of(st.none(), st.floats(-1e9, 1e9))
samples = st.lists(st.tuples(st.integers(0, 10_000), values), min_size=1, max_size=50)


def history(*pairs: tuple[int, float | None]) -> History:
    kept = History(POWER)
    for t_ns, value in sorted(pairs, key=lambda pair: pair[0]):
        kept.append(t_ns, {"power": value}, ())
    return kept


@given(samples, st.integers(0, 10_000), st.integers(0, 10_000))
def test_mean_and_peak_are_those_of_the_samples_inside(pairs, one: int, other: int):
    start, end = min(one, other), max(one, other)
    inside = [value for t_ns, value in pairs if start <= t_ns <= end]
    window = history(*pairs).window(start, end)
    assert window.samples == (len(inside) or 1)
    known = [value for value in inside if value is not None]
    if known:
        reading = window.readings["power"]
        assert reading.mean == pytest.approx(statistics.fmean(known), rel=1e-9, abs=1e-9)
        assert reading.peak == max(known)
        assert reading.unit == "W"
    elif inside:
        assert window.readings == {}


@given(samples, st.integers(0, 10_000), st.integers(0, 10_000))
def test_a_window_between_samples_takes_the_nearest(pairs, one: int, other: int):
    start, end = min(one, other), max(one, other)
    if any(start <= t_ns <= end for t_ns, _ in pairs):
        return
    distance = min(max(start - t_ns, t_ns - end) for t_ns, _ in pairs)
    nearest = [value for t_ns, value in pairs if max(start - t_ns, t_ns - end) == distance]
    readings = history(*pairs).window(start, end).readings
    assert (readings["power"].mean if readings else None) in nearest


@given(samples, st.integers(-10, 10_010))
def test_forgetting_keeps_what_is_not_before_and_no_more(pairs, before: int):
    kept = history(*pairs)
    kept.forget(before)
    assert len(kept) == sum(t_ns >= before for t_ns, _ in pairs)
    whole = history(*pairs).window(before, 20_000)
    if len(kept):
        assert kept.window(before, 20_000) == whole


def test_a_sample_too_far_from_the_window_tells_nothing():
    kept = history((0, 100.0))
    assert kept.window(NEAREST_NS, NEAREST_NS + 5).samples == 1
    far = kept.window(NEAREST_NS + 1, NEAREST_NS + 5)
    assert (far.samples, far.readings) == (0, {})


def test_without_samples_a_window_is_empty():
    empty = History(POWER).window(0, 10)
    assert (empty.samples, empty.readings, empty.throttle_reasons) == (0, {}, ())


def test_throttle_reasons_are_those_of_the_window_each_once():
    kept = History(POWER)
    for t_ns, reasons in enumerate([("heat",), (), ("power cap",), ("power cap", "brake"), ("late",)]):
        kept.append(t_ns, {"power": 1.0}, reasons)
    assert kept.window(1, 3).throttle_reasons == ("power cap", "brake")
    kept.forget(3)
    assert kept.window(0, 9).throttle_reasons == ("power cap", "brake", "late")


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (1, 3, Integral(3, 10.0, 40.0, 25.0 + 35.0)),
        (0, 5, Integral(3, 10.0, 40.0, 10.0 + 60.0 + 2 * 30.0)),  # held to both ends
        (2, 2, Integral(1, 40.0, 40.0, 0.0)),
        (4, 5, None),
    ],
)
def test_an_integral_goes_by_straight_lines(start: int, end: int, expected: Integral | None):
    s = 1_000_000_000
    kept = history((1 * s, 10.0), (2 * s, 40.0), (2 * s, None), (3 * s, 30.0))
    assert kept.integral("power", start * s, end * s) == expected
    assert kept.integral("speed", start * s, end * s) is None


@pytest.mark.parametrize(
    ("start", "end", "gap"),
    [(0, 110, Gap(60, 50)), (15, 70, Gap(20, 40)), (0, 25, Gap(0, 10)), (61, 99, Gap(61, 38))],
)
def test_the_longest_gap_counts_from_the_ends_of_the_window(start: int, end: int, gap: Gap):
    assert history((10, 1.0), (20, 1.0), (60, None)).longest_gap(start, end) == gap
