"""Loss and accuracy by epoch, on the training and the validation images."""

from __future__ import annotations

from collections.abc import Callable

from dawnbench.records.reader import Run
from dawnbench.records.schema import EpochRecord
from dawnbench.report.charts.chart import Axis, Chart, Color, Line, Target, finite
from dawnbench.report.charts.trials import subject
from dawnbench.report.units import percent

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
