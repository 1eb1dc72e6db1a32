"""The charts of a run's epochs, as data."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from statistics import fmean

import pytest

from dawnbench.records.reader import Run, read_run
from dawnbench.report.charts.accuracy import accuracy_chart
from dawnbench.report.charts.epochs import (
    epoch_accuracy_chart,
    learning_rate_chart,
    loss_chart,
    median_number,
)
from dawnbench.stats.progress import elapsed_seconds
from tests.records.full_runs import full_run


def test_accuracy_is_at_the_rule_s_clock_with_the_median_on_top(run: Run) -> None:
    chart = accuracy_chart(run, "strict", median=2)
    assert chart is not None
    top = chart.lines[-1]
    assert (top.trial, top.thick) == (2, True)
    assert [line.thick for line in chart.lines[:-1]] == [False] * 4
    assert list(top.x) == list(elapsed_seconds(run.trials[1], "strict").values())
    assert top.y[-1] == pytest.approx(100 * run.trials[1].accuracy)  # type: ignore[operator]
    crossed = {point.trial: point for point in chart.points}
    assert crossed[2].x == top.x[run.trials[1].epochs_to_target - 1]  # type: ignore[operator]
    assert crossed[2].y >= chart.targets[0].y == pytest.approx(94)


@pytest.mark.parametrize(("rule", "what"), [("dawnbench", "to target"), ("strict", "of a trial")])
def test_the_only_time_named_is_the_mean_over_the_trials(run: Run, rule: str, what: str) -> None:
    chart = accuracy_chart(run, rule, median_number(run, rule))
    assert chart is not None
    assert [" s" in point.label for point in chart.points if point.label] == [False]
    (mark,) = chart.marks
    seconds = fmean(trial.seconds[rule] or 0.0 for trial in run.trials)
    assert mark.x == pytest.approx(seconds)
    assert (mark.label, mark.in_key) == (f"mean time {what} {seconds:.3f} s", True)


def test_a_trial_that_missed_the_target_has_no_crossing(tmp_path: Path) -> None:
    chart = accuracy_chart(read_run(full_run(tmp_path / "a", final=0.5)), "dawnbench", 1)
    assert chart is not None
    assert not chart.points


def test_loss_and_accuracy_are_by_epoch_with_the_median_on_top(run: Run) -> None:
    loss, accuracy = loss_chart(run, 2), epoch_accuracy_chart(run, 2)
    assert loss is not None
    assert accuracy is not None
    assert [line.dashed for line in loss.lines] == [True, False] * 5
    assert [line.trial for line in accuracy.lines][-2:] == [2, 2]
    assert list(loss.lines[-1].y) == [epoch.validation_loss for epoch in run.epochs_of(2)]
    assert list(accuracy.lines[-1].y) == [100 * epoch.validation_accuracy for epoch in run.epochs_of(2)]


def test_the_rate_is_by_step_if_that_was_recorded(run: Run) -> None:
    older = learning_rate_chart(run, 2)
    assert older is not None
    assert older.x.label == "epoch"
    assert list(older.lines[0].y) == [epoch.learning_rate for epoch in run.epochs_of(2)]
    record = replace(run.record, learning_rates=((0, 0.0), (200, 0.4), (1000, 0.0)))
    by_step = learning_rate_chart(replace(run, record=record), 2)
    assert by_step is not None
    assert by_step.x.label == "step"
    assert (list(by_step.lines[0].x), list(by_step.lines[0].y)) == ([0, 200, 1000], [0.0, 0.4, 0.0])


def test_a_run_without_an_epoch_has_no_chart(run: Run) -> None:
    empty = Run(run.folder, run.record, (), (), ())
    assert accuracy_chart(empty, "dawnbench", 1) is None
    assert [make(empty, 1) for make in (loss_chart, epoch_accuracy_chart, learning_rate_chart)] == [None] * 3
