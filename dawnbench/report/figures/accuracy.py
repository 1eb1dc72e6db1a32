"""Accuracy against time: how a benchmark is won."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dawnbench.records.reader import Run
from dawnbench.records.rules import stops_at_target
from dawnbench.records.schema import TrialRecord
from dawnbench.report.figures.style import BLUE, GREY, VERMILION, new_figure, plain_label, thin_lines
from dawnbench.report.units import seconds
from dawnbench.stats.progress import elapsed_seconds, median_trial


def draw_accuracy(run: Run, rule: str) -> Figure | None:
    """Draw validation accuracy over a rule's clock, all trials thin and the median one thick.

    None where no epoch is recorded.
    """
    median = median_trial(run.trials, rule)
    if median is None or not run.epochs:
        return None
    figure = new_figure(3.4, f"{run.record.recipe_name} on {run.record.device_name}")
    axes = figure.subplots()
    others = [_curve(run, trial, rule) for trial in run.trials if trial is not median]
    thin_lines(axes, others, colors=GREY, linewidths=0.8, alpha=0.6)
    x, y = _curve(run, median, rule)
    axes.plot(x, y, color=BLUE, linewidth=2, label=f"trial {median.trial}, the median")
    if len(run.trials) > 1:
        axes.plot([], [], color=GREY, linewidth=0.8, label="the other trials")
    target = 100 * run.record.target
    axes.axhline(target, color=VERMILION, linestyle="--", linewidth=1, label=f"target, {target:g} %")
    _mark_crossing(axes, median, rule, x, y)
    axes.set_xlim(left=0)
    plain_label(axes, f"seconds by the {rule} rule", "validation accuracy, %")
    axes.legend(loc="lower right")
    return figure


def _curve(run: Run, trial: TrialRecord, rule: str) -> tuple[list[float], list[float]]:
    shown = elapsed_seconds(trial, rule)
    epochs = [epoch for epoch in run.epochs_of(trial.trial) if epoch.epoch in shown]
    return [shown[e.epoch] for e in epochs], [100 * e.validation_accuracy for e in epochs]


def _mark_crossing(axes: Axes, trial: TrialRecord, rule: str, x: list[float], y: list[float]) -> None:
    place = trial.epochs_to_target
    if place is None or not 1 <= place <= len(x):
        return
    at, height = x[place - 1], y[place - 1]
    axes.plot([at], [height], marker="o", markersize=8, color=VERMILION, fillstyle="none", zorder=5)
    when = f"epoch {place}, {seconds(at)}"
    if not stops_at_target(rule):
        when = f"epoch {place}"
    # Behind the crossing the curves are flat and leave room below, if it is not at the very end.
    side, place_of_text = ("left", (8, -20)) if at < 0.7 * x[-1] else ("right", (-8, -30))
    axes.annotate(
        when, (at, height), xytext=place_of_text, textcoords="offset points", ha=side, color=VERMILION
    )
