"""Where each trial's time went, segment by segment."""

from __future__ import annotations

from matplotlib.figure import Figure

from dawnbench.records.reader import Run
from dawnbench.report.plots.style import (
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    PURPLE,
    SKY,
    VERMILION,
    YELLOW,
    new_figure,
    plain_label,
)
from dawnbench.safe_text import figure_text
from dawnbench.stats.progress import seconds_by_segment

COLORS = {
    "startup": GREY,
    "load": SKY,
    "build": PURPLE,
    "compile": YELLOW,
    "to_device": VERMILION,
    "reset": "#5B3A29",
    "init": "#A6761D",
    "train": BLUE,
    "evaluate": ORANGE,
    "final_evaluate": GREEN,
    "record": "#333333",
    "checkpoint": "#8A8D2F",
}
MAX_TRIALS = 40


def draw_segments(run: Run) -> Figure | None:
    """Draw a stacked bar a trial, the first 40; None of no trial."""
    trials = run.trials[:MAX_TRIALS]
    if not trials:
        return None
    split = [seconds_by_segment(trial) for trial in trials]
    figure = new_figure(1.4 + 0.22 * len(trials), f"{run.record.recipe_name}: time by segment")
    axes = figure.subplots()
    places = list(range(len(trials)))
    left = [0.0] * len(trials)
    for name in dict.fromkeys(name for one in split for name in one):
        widths = [one.get(name, 0.0) for one in split]
        axes.barh(
            places, widths, left=left, color=COLORS.get(name, "black"), label=figure_text(name), height=0.7
        )
        left = [a + b for a, b in zip(left, widths, strict=True)]
    axes.set_yticks(places, [f"trial {trial.trial}" for trial in trials])
    axes.invert_yaxis()
    axes.grid(visible=False, axis="y")
    plain_label(axes, "seconds, the run's one set-up included in each", "")
    figure.legend(loc="outside lower center", ncols=6, fontsize=7)
    return figure
