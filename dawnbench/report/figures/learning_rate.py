"""The learning rate step by step."""

from __future__ import annotations

import math

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from dawnbench.records.reader import Run
from dawnbench.report.figures.style import BLUE, new_figure, plain_label


def draw_learning_rate(run: Run) -> Figure | None:
    """Draw the schedule's rate by step, or by epoch where a run from before has no steps; None of neither."""
    points = run.record.learning_rates
    figure = new_figure(2.4, f"{run.record.recipe_name}: learning rate")
    axes = figure.subplots()
    if points:
        axes.plot([step for step, _ in points], [rate for _, rate in points], color=BLUE)
        plain_label(axes, "step", "learning rate")
    elif run.epochs:
        epochs = run.epochs_of(run.epochs[0].trial)
        rates = [math.nan if epoch.learning_rate is None else epoch.learning_rate for epoch in epochs]
        axes.plot([epoch.epoch for epoch in epochs], rates, "o-", color=BLUE, markersize=4)
        plain_label(axes, "epoch", "learning rate at its first step")
    else:
        return None
    axes.set_ylim(bottom=0)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    return figure
