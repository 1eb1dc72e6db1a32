"""The charts of a run's epochs."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from dawnbench.records.reader import Run
from dawnbench.records.schema import EpochRecord, TrialRecord
from dawnbench.report.page.charts import Axis, Chart, Color, Line, Point, Target
from dawnbench.report.units import percent
from dawnbench.stats.progress import elapsed_seconds

Read = Callable[[EpochRecord], float | None]

EPOCH = Axis("epoch", kind="count")


def accuracy_by_time(run: Run, rule: str, median: int) -> Chart | None:
    """Return validation accuracy against a rule's clock, the trial numbered `median` thick.

    None where no trial has a ledger yet.
    """
    lines, points = [], []
    for trial in _thick_last(run.trials, median):
        shown = elapsed_seconds(trial, rule)
        epochs = [epoch for epoch in run.epochs_of(trial.trial) if epoch.epoch in shown]
        x = [shown[epoch.epoch] for epoch in epochs]
        y = [100 * epoch.validation_accuracy for epoch in epochs]
        if not epochs:
            continue
        thick = trial.trial == median
        color: Color = "blue" if thick else "grey"
        label = f"trial {trial.trial}{' (median)' if thick else ''}"
        names = [f"epoch {epoch.epoch}" for epoch in epochs]
        lines.append(Line(label, x, y, color, thick=thick, dots=thick, trial=trial.trial, names=names))
        crossed = [i for i, epoch in enumerate(epochs) if epoch.epoch == trial.epochs_to_target]
        points += [Point(x[i], y[i], "red", trial.trial) for i in crossed]
    if not lines:
        return None
    goal = run.record.target
    return Chart(
        title=f"Validation accuracy by the {rule} rule's clock",
        note="A point an epoch, at its end. The thick line is the median trial; a ring marks where a trial "
        "crossed the target.",
        x=Axis(f"time under the {rule} rule", "s", digits=3),
        y=Axis("validation accuracy", "%"),
        lines=lines,
        points=points,
        targets=[Target(100 * goal, f"target {percent(goal)}")],
        group="time",
        height=380,
    )


def by_epoch(run: Run, median: int) -> list[Chart]:
    """Return loss and accuracy of both splits by epoch, and the learning rate."""
    charts = [
        Chart(
            title="Loss by epoch",
            note="Mean over the images: validation solid, training dashed.",
            x=EPOCH,
            y=Axis("loss", "nats", digits=4),
            lines=_both(run, median, lambda e: e.train_loss, lambda e: e.validation_loss),
            group="epochs",
        ),
        Chart(
            title="Accuracy by epoch",
            note="Validation solid, training dashed.",
            x=EPOCH,
            y=Axis("accuracy", "%"),
            lines=_both(
                run,
                median,
                lambda e: 100 * e.train_correct / e.train_images,
                lambda e: 100 * e.validation_accuracy,
            ),
            targets=[Target(100 * run.record.target, f"target {percent(run.record.target)}")],
            group="epochs",
        ),
        _rate(run, median),
    ]
    return [chart for chart in charts if chart.lines]


def _rate(run: Run, median: int) -> Chart:
    """Return the learning rate by step, or by epoch where an older run has no steps."""
    corners = run.record.learning_rates
    if corners:
        rates = [_finite(rate) for _, rate in corners]
        line = Line("learning rate", [step for step, _ in corners], rates, "green", thick=True)
        x, note, lines = Axis("step", kind="count"), "The schedule, by step of the optimizer.", [line]
    else:
        x, note = EPOCH, "The schedule's value at each epoch's first step."
        # Every trial follows the same schedule.
        lines = _of(run.epochs_of(median), lambda e: e.learning_rate, "learning rate", "green")
    group = "" if corners else "epochs"
    return Chart("Learning rate", x, Axis("learning rate", digits=6), lines, note=note, group=group)


def _both(run: Run, median: int, train: Read, validation: Read) -> list[Line]:
    lines: list[Line] = []
    for number in sorted({epoch.trial for epoch in run.epochs}, key=lambda trial: (trial == median, trial)):
        epochs, thick = run.epochs_of(number), number == median
        lines += _of(epochs, train, f"trial {number}, training", "red", thick, number, dashed=True)
        lines += _of(epochs, validation, f"trial {number}, validation", "blue", thick, number)
    return lines


def _of(
    epochs: Sequence[EpochRecord],
    read: Read,
    label: str,
    color: Color,
    thick: bool = True,
    trial: int | None = None,
    dashed: bool = False,
) -> list[Line]:
    y = [_finite(read(epoch)) for epoch in epochs]
    if all(value is None for value in y):
        return []
    return [Line(label, [epoch.epoch for epoch in epochs], y, color, thick, dashed, thick, trial)]


def _thick_last(trials: Sequence[TrialRecord], median: int) -> list[TrialRecord]:
    """Return the trials with the median at the end, which is drawn above the others."""
    return sorted(trials, key=lambda trial: trial.trial == median)


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
