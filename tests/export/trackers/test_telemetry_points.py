from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dawnbench.export.trackers.metrics import MAX_POINTS, telemetry_points
from dawnbench.records.samples import Samples
from dawnbench.records.schema import Reading, TelemetrySummary, TrialRecord
from tests.records.examples import TRIAL

BEGAN_NS = 1_000


def trial(wall_seconds: float) -> TrialRecord:
    summary = TelemetrySummary(1, {"gpu_power": Reading(1, 1, "W")}, (), None, None, None)
    return replace(TRIAL, began_ns=BEGAN_NS, wall_seconds=wall_seconds, telemetry=summary)


def sampled(times: list[float], powers: list[float]) -> Samples:
    t_ns = np.array([BEGAN_NS + round(t * 1e9) for t in times], dtype=np.int64)
    unknown = np.ones(len(times))
    return Samples(t_ns, {"gpu_power": np.array(powers), "no_unit": unknown}, ((),) * len(times))


@given(st.lists(st.floats(0, 20), min_size=1, max_size=600, unique=True))
def test_no_more_points_than_fit_and_their_mean_is_that_of_the_samples(times: list[float]) -> None:
    times.sort()
    powers = [100 + t for t in times]
    points = telemetry_points(sampled(times, powers), trial(20), began=1000.0)
    assert 0 < len(points) <= MAX_POINTS
    assert [p.step for p in points] == sorted(p.step for p in points)
    for point in points:
        # The power follows the time, so each mean must lie at its own moment.
        assert point.figures["telemetry/gpu_power_W"] == pytest.approx(point.at - 900, abs=1e-3)
        assert point.step == pytest.approx((point.at - 1000) * 1000, abs=1)
        assert list(point.figures) == ["telemetry/gpu_power_W"]


def test_few_samples_stay_as_they_are_and_one_without_a_value_has_none() -> None:
    points = telemetry_points(sampled([0.1, 0.9], [50.0, float("nan")]), trial(1), began=0.0)
    assert [(p.step, dict(p.figures)) for p in points] == [(100, {"telemetry/gpu_power_W": 50.0}), (900, {})]


def test_samples_of_another_time_are_not_of_the_trial() -> None:
    assert telemetry_points(sampled([30.0], [50.0]), trial(20), began=0.0) == []
