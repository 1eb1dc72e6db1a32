"""Loss and accuracy by epoch, on the training and the validation images."""

from __future__ import annotations

from collections.abc import Callable

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from dawnbench.records.reader import Run
from dawnbench.records.schema import EpochRecord
from dawnbench.report.figures.style import BLUE, ORANGE, new_figure, plain_label, thin_lines
from dawnbench.stats.progress import median_trial

Read = Callable[[EpochRecord], float | None]


def draw_curves(run: Run, rule: str) -> Figure | None:
    """Draw both by epoch, all trials thin and the median one thick; None where no epoch is recorded."""
    median = median_trial(run.trials, rule)
    if median is None or not run.epochs:
        return None
    figure = new_figure(3.0, f"{run.record.recipe_name} on {run.record.device_name}")
    loss, accuracy = figure.subplots(1, 2)
    _panel(loss, run, median.trial, lambda e: e.train_loss, lambda e: e.validation_loss)
    plain_label(loss, "epoch", "mean loss, nats")
    _panel(
        accuracy,
        run,
        median.trial,
        lambda e: 100 * e.train_correct / e.train_images,
        lambda e: 100 * e.validation_accuracy,
    )
    plain_label(accuracy, "epoch", "accuracy, %")
    accuracy.axhline(100 * run.record.target, color="black", linestyle=":", linewidth=1, label="target")
    accuracy.legend(loc="lower right")
    return figure


def _panel(axes: Axes, run: Run, median: int, train: Read, validation: Read) -> None:
    kinds = (train, ORANGE, "--", "training"), (validation, BLUE, "-", "validation")
    for read, color, dashes, label in kinds:
        others = [_known(run, trial.trial, read) for trial in run.trials if trial.trial != median]
        thin_lines(axes, others, colors=color, linestyles=dashes, linewidths=0.7, alpha=0.4)
        x, y = _known(run, median, read)
        # One epoch alone draws no line.
        marker = "o" if len(x) == 1 else None
        axes.plot(x, y, dashes, color=color, linewidth=2, label=label, marker=marker)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))


def _known(run: Run, trial: int, read: Read) -> tuple[list[int], list[float]]:
    """Return a trial's epochs for which there is a figure, and the figures."""
    known = [(epoch.epoch, y) for epoch in run.epochs_of(trial) if (y := read(epoch)) is not None]
    return [x for x, _ in known], [y for _, y in known]
