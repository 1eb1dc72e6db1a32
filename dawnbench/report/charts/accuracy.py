"""Validation accuracy against time: how a benchmark is won."""

from __future__ import annotations

from dawnbench.records.reader import Run
from dawnbench.records.rules import stops_at_target
from dawnbench.report.charts.chart import Axis, Chart, Line, Point, Target
from dawnbench.report.charts.epochs import median_last, subject
from dawnbench.report.units import percent, seconds
from dawnbench.stats.progress import elapsed_seconds


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
                label = _crossing(epoch.epoch, at, rule) if thick else ""
                points.append(Point(at, height, "red", trial.trial, label))
    if not lines:
        return None
    target = run.record.target
    return Chart(
        title=f"Validation accuracy by the {rule} rule's clock",
        note="One point per epoch, at its end. The thick line is the median trial; a ring marks where "
        "a trial crossed the target.",
        subject=subject(run),
        x=Axis(f"time under the {rule} rule", "s", digits=3, from_zero=True),
        y=Axis("validation accuracy", "%"),
        lines=lines,
        points=points,
        targets=[Target(100 * target, f"target {percent(target)}")],
        group="time",
        height=380,
    )


def _crossing(epoch: int, at: float, rule: str) -> str:
    """Return the epoch, and its time if that is the trial's time under the rule."""
    return f"epoch {epoch}, {seconds(at)}" if stops_at_target(rule) else f"epoch {epoch}"
