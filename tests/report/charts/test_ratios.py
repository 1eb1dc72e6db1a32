"""Times and ratios of times, as data."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest

from dawnbench.records.reader import read_run
from dawnbench.records.trial_set import trial_set_of
from dawnbench.report.charts.ratios import ratio_chart
from dawnbench.report.charts.times import times_chart
from dawnbench.stats.comparison.compare import compare
from dawnbench.stats.comparison.outcome import Comparison
from dawnbench.stats.intervals import Interval
from dawnbench.stats.trial_values import times
from tests.cli.made_runs import make_trial_set, trials
from tests.records.full_runs import full_run


def comparison(folder: Path, missed: int = 0) -> Comparison:
    pair = [
        make_trial_set(folder / name, trials(mean, 10, missed=missed))
        for name, mean in (("a", 2.6), ("b", 2.0))
    ]
    return compare(*pair)


def test_each_rule_has_its_ratio_and_the_verdict_s_is_told_apart(tmp_path: Path) -> None:
    compared = comparison(tmp_path)
    chart = ratio_chart(compared)
    assert chart is not None
    assert chart.verdict == chart.rows[0].label == "dawnbench"
    assert "b is faster than a" in chart.title
    ratio = compared.verdict.ratio
    assert ratio is not None
    assert ratio.interval is not None
    assert (chart.rows[0].value, chart.rows[0].low) == (ratio.value, ratio.interval.low)
    low, high = chart.limits
    assert low < ratio.interval.low < 1 < high


def test_a_rule_without_a_finite_ratio_has_no_row(tmp_path: Path) -> None:
    chart = ratio_chart(comparison(tmp_path, missed=10))
    assert chart is None or "dawnbench" not in [row.label for row in chart.rows]


def test_an_interval_without_an_end_is_left_out(tmp_path: Path) -> None:
    compared = comparison(tmp_path)
    endless = [
        replace(time, ratio=time.ratio and replace(time.ratio, interval=Interval(0.5, math.inf)))
        for time in compared.times
    ]
    chart = ratio_chart(replace(compared, times=tuple(endless)))
    assert chart is not None
    assert {(row.low, row.high) for row in chart.rows} == {(None, None)}
    assert all(map(math.isfinite, chart.limits))


def test_times_of_misses_are_apart_from_the_others(tmp_path: Path) -> None:
    run = read_run(full_run(tmp_path / "a", final=0.9401, trials=8))
    missed = sum(trial.epochs_to_target is None for trial in run.trials)
    assert 0 < missed < 8
    chart = times_chart(times(trial_set_of(run), "dawnbench"), "a run")
    assert chart is not None
    assert (len(chart.reached), len(chart.missed)) == (8 - missed, missed)
    assert chart.mean.value == pytest.approx(sum(chart.reached) / len(chart.reached))


def test_a_run_without_a_time_has_no_chart(tmp_path: Path) -> None:
    run = read_run(full_run(tmp_path / "a", final=0.5))
    assert times_chart(times(trial_set_of(run), "dawnbench"), "a run") is None
