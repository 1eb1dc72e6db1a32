"""Samples thinned for a chart."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from dawnbench.records.reader import Run, read_run
from dawnbench.records.samples import read_samples
from dawnbench.report.page.telemetry_data import MAX_POINTS, page_telemetry, thin, thin_times
from tests.records.full_runs import full_run

COLUMNS = st.integers(0, 4 * MAX_POINTS).flatmap(
    lambda count: arrays(
        np.float64, count, elements=st.floats(-1e6, 1e6) | st.just(math.nan), fill=st.just(3.0)
    )
)


@given(COLUMNS)
def test_thinning_keeps_the_extremes_and_invents_nothing(column: np.ndarray) -> None:
    thinned = thin(column)
    assert len(thinned) <= MAX_POINTS
    known, kept = column[~np.isnan(column)], thinned[~np.isnan(thinned)]
    assert set(kept) <= set(known)
    if len(known):
        assert kept.min() == known.min()
        assert kept.max() == known.max()


@given(st.integers(0, 5 * MAX_POINTS))
def test_times_stay_in_step_with_the_values(count: int) -> None:
    t_ns = np.arange(count, dtype=np.int64) * 50_000_000
    times = thin_times(t_ns)
    assert len(times) == len(thin(np.zeros(count)))
    assert (np.diff(times) >= 0).all()
    if count:
        assert times[0] == 0
        assert times[-1] == t_ns[-1]


def test_a_spike_of_one_sample_is_still_seen_at_its_time() -> None:
    column = np.full(100_000, 300.0)
    column[70_000] = 700.0
    thinned, times = thin(column), thin_times(np.arange(100_000))
    at = int(np.nanargmax(thinned))
    assert thinned[at] == 700
    assert abs(int(times[at]) - 70_000) < 200


def test_what_lies_beside_a_gap_is_not_lost_in_it() -> None:
    column = np.full(30_000, np.nan)
    column[::7] = 300.0
    column[14_000] = 250.0
    thinned = thin(column)
    assert np.nanmin(thinned) == 250
    assert not np.isnan(thinned).any(), "every stretch has a value"


def test_values_are_rounded_to_the_digits_of_their_unit(tmp_path: Path) -> None:
    run = read_run(full_run(tmp_path / "run", trials=2))
    samples = read_samples(run.folder)
    assert samples is not None
    telemetry = page_telemetry(run, samples)
    assert telemetry is not None
    own = samples.of_trial(run.trials[0])
    assert own is not None
    first = telemetry.trials[0]
    power, use, _, clocks = (chart.lines[0].y for chart in first.charts)
    np.testing.assert_allclose(np.array(power), own.values["gpu_power"], atol=0.05)
    assert list(power) == [round(value, 1) for value in power]  # type: ignore[arg-type]
    assert None in list(use)
    assert all(isinstance(value, int) for value in clocks)
    np.testing.assert_allclose(first.x, own.t_ns / 1e9, atol=0.0005)
    assert not telemetry.thinned


def test_a_trial_s_reasons_for_throttling_are_said_once(tmp_path: Path) -> None:
    run = read_run(full_run(tmp_path / "run", trials=2))
    telemetry = page_telemetry(run, read_samples(run.folder))
    assert telemetry is not None
    assert [trial.throttled for trial in telemetry.trials] == [["sw_thermal_slowdown"], []]


def test_a_run_without_samples_has_no_telemetry(run: Run) -> None:
    assert page_telemetry(run, None) is None


@pytest.mark.parametrize(("trials", "points"), [(3, 120), (30, 50), (100, 20)])
def test_many_trials_share_what_a_page_has_room_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trials: int, points: int
) -> None:
    monkeypatch.setattr("dawnbench.report.page.telemetry_data.PAGE_POINTS", 1_500)
    monkeypatch.setattr("dawnbench.report.page.telemetry_data.MIN_POINTS", 20)
    run = read_run(full_run(tmp_path / "a", trials=trials, epochs=1, hertz=200.0))
    telemetry = page_telemetry(run, read_samples(run.folder))
    assert telemetry is not None
    assert 0.8 * points <= max(len(trial.x) for trial in telemetry.trials) <= 1.05 * points
    assert telemetry.thinned is (trials > 3)
