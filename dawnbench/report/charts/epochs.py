"""What the epochs of a run show: loss, accuracy and learning rate."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from dawnbench.records.reader import Run
from dawnbench.records.schema import EpochRecord, TrialRecord
from dawnbench.report.charts.chart import Axis, Chart, Color, Line, Target, finite
from dawnbench.report.units import percent
from dawnbench.stats.progress import median_trial

Read = Callable[[EpochRecord], float | None]

EPOCH = Axis("epoch", kind="count")


def loss_chart(run: Run, median: int) -> Chart | None:
    """Return the loss by epoch of every trial, the trial `median` thick; None if no loss is known."""
    lines = _both(run, median, lambda e: e.train_loss, lambda e: e.validation_loss)
    if not lines:
        return None
    return Chart(
        title="Loss by epoch",
        note="Mean over the images: validation solid, training dashed.",
        subject=subject(run),
        x=EPOCH,
        y=Axis("mean loss", "nats", digits=4),
        lines=lines,
        group="epochs",
    )


def epoch_accuracy_chart(run: Run, median: int) -> Chart | None:
    """Return the accuracy by epoch of every trial, the trial `median` thick; None without an epoch."""
    lines = _both(
        run,
        median,
        lambda e: 100 * e.train_correct / e.train_images,
        lambda e: 100 * e.validation_accuracy,
    )
    if not lines:
        return None
    return Chart(
        title="Accuracy by epoch",
        note="Validation solid, training dashed.",
        subject=subject(run),
        x=EPOCH,
        y=Axis("accuracy", "%"),
        lines=lines,
        targets=[Target(100 * run.record.target, f"target {percent(run.record.target)}")],
        group="epochs",
    )


def _both(run: Run, median: int, train: Read, validation: Read) -> list[Line]:
    lines: list[Line] = []
    numbers = sorted({epoch.trial for epoch in run.epochs}, key=lambda number: (number == median, number))
    kinds: tuple[tuple[str, Read, Color], ...] = (
        ("training", train, "red"),
        ("validation", validation, "blue"),
    )
    for number in numbers:
        epochs, thick = run.epochs_of(number), number == median
        for kind, read, color in kinds:
            y = [finite(read(epoch)) for epoch in epochs]
            if any(value is not None for value in y):
                lines.append(
                    Line(
                        f"trial {number}, {kind}",
                        [epoch.epoch for epoch in epochs],
                        y,
                        color,
                        thick=thick,
                        dashed=kind == "training",
                        dots=thick,
                        trial=number,
                        key=kind,
                    )
                )
    return lines


def learning_rate_chart(run: Run, median: int) -> Chart | None:
    """Return the schedule's rate by step, or by epoch for an older run that has no steps; None of neither."""
    steps = run.record.learning_rates
    # Every trial follows the same schedule.
    epochs = run.epochs_of(median)
    if steps:
        x, y = [float(step) for step, _ in steps], [finite(rate) for _, rate in steps]
    else:
        x, y = [float(epoch.epoch) for epoch in epochs], [finite(epoch.learning_rate) for epoch in epochs]
    if all(rate is None for rate in y):
        return None
    return Chart(
        title="Learning rate",
        note="The schedule, by step of the optimizer." if steps else "The rate at each epoch's first step.",
        subject=f"{run.record.identity.recipe}: learning rate",
        x=Axis("step", kind="count") if steps else EPOCH,
        y=Axis("learning rate" if steps else "learning rate at its first step", digits=6, from_zero=True),
        lines=[Line("learning rate", x, y, "green", thick=True, dots=not steps)],
        group="" if steps else "epochs",
    )


def median_number(run: Run, rule: str) -> int:
    """Return the number of the trial that stands for a run: the median one, or the first that began."""
    middle = median_trial(run.trials, rule)
    return middle.trial if middle else min((epoch.trial for epoch in run.epochs), default=1)


def median_last(trials: Sequence[TrialRecord], median: int) -> list[TrialRecord]:
    """Return the trials with the median one at the end, which is drawn above the others."""
    return sorted(trials, key=lambda trial: trial.trial == median)


def subject(run: Run) -> str:
    """Return what was run on what."""
    return f"{run.record.identity.recipe} on {run.record.identity.hardware}"
