"""All figures of a run, or of a comparison, written beside a report."""

from __future__ import annotations

from pathlib import Path

from matplotlib.figure import Figure

from dawnbench.records.reader import Run
from dawnbench.records.samples import read_samples
from dawnbench.records.trial_set import trial_set_of
from dawnbench.report.figures.accuracy import draw_accuracy
from dawnbench.report.figures.curves import draw_curves
from dawnbench.report.figures.learning_rate import draw_learning_rate
from dawnbench.report.figures.segments import draw_segments
from dawnbench.report.figures.style import save, styled
from dawnbench.report.figures.telemetry import draw_telemetry
from dawnbench.report.figures.times import draw_times
from dawnbench.stats.times import times


def run_figures(run: Run, rule: str) -> dict[str, Figure]:
    """Return every figure of a run that its records have something for, by name."""
    record = run.record
    with styled():
        drawn = {
            "accuracy": draw_accuracy(run, rule),
            "curves": draw_curves(run, rule),
            "learning-rate": draw_learning_rate(run),
            "segments": draw_segments(run),
            "telemetry": draw_telemetry(run, read_samples(run.folder), rule),
            "times": draw_times(
                times(trial_set_of(run), rule), f"{record.recipe_name} on {record.device_name}"
            ),
        }
    return {name: figure for name, figure in drawn.items() if figure is not None}


def write_figures(figures: dict[str, Figure], folder: Path) -> dict[str, Path]:
    """Write figures as SVG and PNG into a folder and return the SVGs by name.

    Raises:
        DawnbenchError: the disk does not take them.
    """
    return {name: save(figure, folder / name)[0] for name, figure in figures.items()}
