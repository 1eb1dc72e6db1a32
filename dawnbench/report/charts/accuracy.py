"""Validation accuracy against time: how a benchmark is won."""

from __future__ import annotations

import math

from dawnbench.records.reader import Run
from dawnbench.records.rules import stops_at_target
from dawnbench.records.trial_set import trial_set_of
from dawnbench.report.charts.chart import Axis, Chart, Line, Mark, Point, Target
from dawnbench.report.charts.epochs import median_last, subject
from dawnbench.report.units import percent, seconds
from dawnbench.stats.progress import elapsed_seconds
from dawnbench.stats.trial_values import times


def accuracy_chart(run: Run, rule: str, median: int) -> Chart | None:
    """Return validation accuracy against a rule's clock, one line per trial, the trial `median` thick.

    None if no trial has both an epoch and a ledger yet.
    """
    lines, points = [], []
    for trial in median_last(run.trials, median):
        clock = elapsed_seconds(trial, rule)
        epochs = [epoch for epoch in run.epochs_of(trial.trial) if epoch.epoch in clock]
        if not epochs:
            continue
        thick = trial.trial == median
        x = [clock[epoch.epoch] for epoch in epochs]
        y = [100 * epoch.validation_accuracy for epoch in epochs]
        lines.append(
            Line(
                f"trial {trial.trial}{' (median)' if thick else ''}",
                x,
                y,
                "blue" if thick else "grey",
                thick=thick,
                dots=thick,
                trial=trial.trial,
                names=[f"epoch {epoch.epoch}" for epoch in epochs],
                key=f"trial {trial.trial}, the median" if thick else "the other trials",
            )
        )
        for at, height, epoch in zip(x, y, epochs, strict=True):
            if epoch.epoch == trial.epochs_to_target:
                label = f"epoch {epoch.epoch}" if thick else ""
                points.append(Point(at, height, "red", trial.trial, label))
    if not lines:
        return None
    target = run.record.target
    return Chart(
        title=f"Validation accuracy by the {rule} rule's clock",
        note="One point per epoch, at its end. The thick line is the median trial; a ring marks where "
        "a trial crossed the target; the dotted line is the mean time over all trials.",
        subject=subject(run),
        x=Axis(f"time under the {rule} rule", "s", digits=3, from_zero=True),
        y=Axis("validation accuracy", "%"),
        lines=lines,
        points=points,
        marks=_mean(run, rule),
        targets=[Target(100 * target, f"target {percent(target)}")],
        group="time",
        height=380,
    )


def _mean(run: Run, rule: str) -> list[Mark]:
    """Return the run's headline: the mean time over its trials, with misses counted."""
    expected = times(trial_set_of(run), rule).expected
    if expected is None or not math.isfinite(expected.seconds):
        return []
    what = "mean time to target" if stops_at_target(rule) else "mean time of a trial"
    return [Mark(expected.seconds, f"{what} {seconds(expected.seconds)}", in_key=True)]
