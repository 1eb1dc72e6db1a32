"""The telemetry charts of a trial, as data."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dawnbench.records.reader import Run, read_run
from dawnbench.records.samples import Samples, read_samples
from dawnbench.report.charts import Chart
from dawnbench.report.charts.telemetry import metric_units, telemetry_charts, throttled_spans
from tests.records.full_runs import full_run


@pytest.fixture
def short(tmp_path: Path) -> Run:
    """Two trials; the GPU throttles in the second half of the first."""
    return read_run(full_run(tmp_path / "run", trials=2))


def of_trial(run: Run, number: int) -> Samples:
    samples = read_samples(run.folder)
    assert samples is not None
    own = samples.of_trial(run.trials[number - 1])
    assert own is not None
    return own


def charts_of(run: Run, number: int) -> list[Chart]:
    return telemetry_charts(run.trials[number - 1], of_trial(run, number), metric_units(run))


def test_metrics_of_one_unit_share_a_chart(short: Run) -> None:
    charts = charts_of(short, 1)
    assert [chart.y.title for chart in charts] == [
        "power, W",
        "utilization, %",
        "temperature, °C",
        "clocks, MHz",
    ]
    own = of_trial(short, 1)
    (power,) = charts[0].lines
    assert power.label == "GPU power"
    np.testing.assert_array_equal(power.x, own.t_ns / 1e9)
    np.testing.assert_array_equal(power.y, own.values["gpu_power"])


def test_each_of_several_gpus_has_a_grey_line_and_all_of_them_a_coloured_one(short: Run) -> None:
    own = of_trial(short, 1)
    power = own.values["gpu_power"]
    values = {"gpu_power": power, "gpu0_power": 0.4 * power, "gpu1_power": 0.6 * power}
    units = dict.fromkeys(values, "W")
    (chart,) = telemetry_charts(short.trials[0], replace(own, values=values), units)
    assert [(line.label, line.color, line.key) for line in chart.lines] == [
        ("GPU 0 power", "grey", "each GPU"),
        ("GPU 1 power", "grey", "each GPU"),
        ("GPU power", "blue", "GPU power"),
    ]


def test_every_epoch_is_marked_where_it_begins(short: Run) -> None:
    begins = [s.start_ns / 1e9 for s in short.trials[0].segments if s.name == "train"]
    for chart in charts_of(short, 1):
        assert [(mark.x, mark.label) for mark in chart.marks] == [
            (begin, str(epoch)) for epoch, begin in enumerate(begins, start=1)
        ]


def test_throttling_lasts_until_the_first_sample_without(short: Run) -> None:
    (span,) = charts_of(short, 1)[0].spans
    assert span.start == pytest.approx(short.trials[0].wall_seconds / 2, abs=0.1)
    assert span.end == pytest.approx(short.trials[0].wall_seconds, abs=0.1)
    assert span.label == "sw_thermal_slowdown"
    assert charts_of(short, 2)[0].spans == []


def test_reasons_that_change_are_spans_of_their_own() -> None:
    hot, capped = ("sw_thermal_slowdown",), ("sw_power_cap",)
    samples = Samples(np.arange(6) * 10**9, {}, ((), hot, hot, capped, (), hot))
    assert [(span.start, span.end, span.label) for span in throttled_spans(samples)] == [
        (1, 3, "sw_thermal_slowdown"),
        (3, 4, "sw_power_cap"),
        (5, 5, "sw_thermal_slowdown"),
    ]


def test_what_no_sensor_shows_is_left_out(short: Run) -> None:
    own = of_trial(short, 1)
    wild = own.values | {"gpu_power": np.full(len(own), math.inf), "unheard_of": np.ones(len(own))}
    charts = telemetry_charts(short.trials[0], Samples(own.t_ns, wild, own.throttle), metric_units(short))
    assert [line.label for chart in charts for line in chart.lines] == [
        "GPU utilization",
        "GPU temperature",
        "GPU SM clock",
    ]
