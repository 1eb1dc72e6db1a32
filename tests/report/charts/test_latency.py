from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from dawnbench.records.inference import BatchThroughput
from dawnbench.records.reader import Run, read_run
from dawnbench.report.charts.latency import latency_chart, throughput_chart
from tests.records.full_runs import full_run
from tests.records.inference_runs import inference_pass, inference_run


@pytest.fixture
def run(tmp_path: Path) -> Run:
    passes = [inference_pass(1, 0.003), inference_pass(2, 0.001), inference_pass(3, 0.002)]
    return read_run(inference_run(tmp_path / "run", passes))


def test_latency_has_a_line_for_the_mean_and_each_percentile_in_milliseconds(run: Run) -> None:
    chart = latency_chart(run)
    assert chart is not None
    assert [line.label for line in chart.lines] == ["99th percentile", "90th percentile", "mean", "median"]
    mean = chart.lines[2]
    assert (list(mean.x), list(mean.y)) == ([1, 2, 3], pytest.approx([3, 1, 2]))
    assert chart.y.unit == "ms"


def test_throughput_has_a_line_per_pass_and_the_median_one_is_last_and_thick(run: Run) -> None:
    chart = throughput_chart(run)
    assert chart is not None
    assert [(line.label, line.thick) for line in chart.lines] == [
        ("pass 1", False),
        ("pass 2", False),
        ("pass 3 (median)", True),
    ]
    assert list(chart.lines[-1].x) == [1, 64] == list(chart.x.ticks)
    assert list(chart.lines[-1].y) == pytest.approx([500, 4500])


def test_one_batch_size_is_no_chart_and_a_training_has_neither(tmp_path: Path) -> None:
    one = inference_pass()
    assert one.inference is not None
    alone = replace(one, inference=replace(one.inference, throughputs=(BatchThroughput(1, 1000.0),)))
    assert throughput_chart(read_run(inference_run(tmp_path / "run", [alone]))) is None
    training = read_run(full_run(tmp_path / "training", trials=1, epochs=1))
    assert (latency_chart(training), throughput_chart(training)) == (None, None)
