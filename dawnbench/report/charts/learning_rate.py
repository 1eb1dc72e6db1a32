"""The learning rate step by step."""

from __future__ import annotations

from dawnbench.records.reader import Run
from dawnbench.report.charts.chart import Axis, Chart, Line, finite
from dawnbench.report.charts.curves import EPOCH


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
