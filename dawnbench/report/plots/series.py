"""A series of models by epoch: their test accuracies in one panel, or a panel each where they are many."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator

from dawnbench.records.reader import Run
from dawnbench.report.plots.style import (
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    PURPLE,
    SKY,
    VERMILION,
    new_figure,
    plain_label,
)
from dawnbench.safe_text import plain
from dawnbench.stats.write_up_results import typical_trial

LOOKS = ((BLUE, "o"), (ORANGE, "s"), (GREEN, "^"), (VERMILION, "D"), (PURPLE, "v"), (SKY, "P"))
"""Colour and marker of each line, as many as one panel stays readable with."""
COLUMNS = 3
"""Of panels."""
LOGARITHMIC_FROM = 4.0
"""Where the largest error is so many times the smallest, a straight axis would crowd the best epochs."""
TICKS = (0, 20, 40, 60, 70, 80, 90, 95, 97, 98, 99, 99.3, 99.5, 99.7, 99.8, 99.9, 99.95, 99.97, 99.98, 99.99)
"""Accuracies in percent that a logarithmic axis names."""
LETTERS = 22
"""Of a model's name; more would run into the next panel's."""


@dataclass(frozen=True)
class _Curve:
    name: str
    epochs: list[int]
    accuracies: list[float]
    """Percent."""
    target: float
    """Percent."""


def draw_series(runs: Sequence[Run], names: Sequence[str], rule: str) -> Figure | None:
    """Draw the test accuracy of each run's median trial by epoch, with its target; None without an epoch.

    The axis is logarithmic in the error where the models lie close to 100 % and began far from it.
    """
    curves = [
        found for run, name in zip(runs, names, strict=True) if (found := _curve(run, name, rule)) is not None
    ]
    if not curves:
        return None
    return _one_panel(curves) if len(curves) <= len(LOOKS) else _panels(curves)


def _curve(run: Run, name: str, rule: str) -> _Curve | None:
    number = typical_trial(run, rule)
    if number is None:
        return None
    epochs = run.epochs_of(number)
    accuracies = [100 * epoch.validation_accuracy for epoch in epochs]
    return _Curve(
        _shortened(plain(name)), [epoch.epoch for epoch in epochs], accuracies, 100 * run.record.target
    )


def _shortened(name: str) -> str:
    """Return a name without its middle where it is long: two runs of one recipe differ at the end."""
    half = (LETTERS - 1) // 2
    return name if len(name) <= LETTERS else f"{name[: LETTERS - 1 - half]}…{name[-half:]}"


def _one_panel(curves: Sequence[_Curve]) -> Figure:
    figure = new_figure(4.2, "Test accuracy by epoch")
    axes = figure.subplots()
    for curve, (color, marker) in zip(curves, LOOKS, strict=False):
        axes.plot(
            curve.epochs,
            curve.accuracies,
            color=color,
            marker=marker,
            markersize=4,
            linewidth=1.6,
            label=curve.name,
        )
    targets = {curve.target for curve in curves}
    if len(targets) == 1:
        axes.axhline(targets.pop(), color="black", linestyle="--", linewidth=1, label="target")
    else:
        _mark_targets(axes, curves)
    _scale(axes, curves)
    plain_label(axes, "epoch", "test accuracy, %")
    handles, _ = axes.get_legend_handles_labels()
    for text in figure.legend(handles=handles, loc="outside lower center", ncols=COLUMNS).get_texts():
        text.set_parse_math(False)
    return figure


def _mark_targets(axes: Axes, curves: Sequence[_Curve]) -> None:
    """Point at each model's target from the right: as many lines across would hide the curves."""
    for curve, (color, _) in zip(curves, LOOKS, strict=False):
        at_edge = axes.get_yaxis_transform()
        axes.plot([1.012], [curve.target], "<", color=color, markersize=6, transform=at_edge, clip_on=False)
    axes.plot([], [], "<", color=GREY, markersize=6, label="its target, at the right edge")


def _panels(curves: Sequence[_Curve]) -> Figure:
    rows = -(-len(curves) // COLUMNS)
    figure = new_figure(
        1.9 * rows + 0.6, "Test accuracy by epoch, each model among the others; dashed: its target"
    )
    panels = figure.subplots(rows, COLUMNS, sharex=True, sharey=True, squeeze=False).flat
    for panel, curve in zip(panels, curves, strict=False):
        for other in curves:
            panel.plot(other.epochs, other.accuracies, color=GREY, linewidth=0.6, alpha=0.5)
        alone = "o" if len(curve.epochs) == 1 else None
        panel.plot(curve.epochs, curve.accuracies, color=BLUE, linewidth=2, marker=alone)
        panel.axhline(curve.target, color=VERMILION, linestyle="--", linewidth=1)
        panel.set_title(curve.name, parse_math=False)
        _scale(panel, curves)
    for empty in list(figure.axes)[len(curves) :]:
        empty.set_visible(False)
    figure.supxlabel("epoch", fontsize=9)
    figure.supylabel("test accuracy, %", fontsize=9)
    return figure


def _scale(axes: Axes, curves: Sequence[_Curve]) -> None:
    """Show every epoch and target, by the logarithm of the error where that spreads them out."""
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    values = [value for curve in curves for value in (*curve.accuracies, curve.target)]
    least = min((100 - value for value in values if value < 100), default=100.0)
    most = max(100 - value for value in values)
    if most / least < LOGARITHMIC_FROM:
        return
    # No error at all would lie at infinity; it is drawn a little beyond the least that there is.
    perfect = max(values) >= 100
    floor = least / (1.5 if perfect else 1.15)
    top = 100.0 if perfect else 100 - floor

    def height(accuracy: Any) -> Any:
        return -np.log10(np.maximum(100 - np.asarray(accuracy), floor))

    axes.set_yscale("function", functions=(height, lambda y: 100 - 10.0**-y))
    axes.set_ylim(100 - 1.1 * most, top)
    named = [tick for tick in TICKS if 100 - most <= tick <= 100 - least]
    axes.yaxis.set_major_locator(FixedLocator([*named, 100] if perfect else named))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
