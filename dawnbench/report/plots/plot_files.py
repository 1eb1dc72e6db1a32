"""All plots of a run, drawn and written beside a report."""

from __future__ import annotations

from pathlib import Path

from matplotlib.figure import Figure

from dawnbench.records.reader import Run
from dawnbench.records.rules import suiting_rule
from dawnbench.records.samples import read_samples
from dawnbench.records.trial_set import trial_set_of
from dawnbench.report.charts.accuracy import accuracy_chart
from dawnbench.report.charts.epochs import (
    epoch_accuracy_chart,
    learning_rate_chart,
    loss_chart,
    median_number,
    subject,
)
from dawnbench.report.charts.latency import latency_chart, throughput_chart
from dawnbench.report.charts.segments import segment_chart
from dawnbench.report.charts.telemetry import metric_units, telemetry_charts
from dawnbench.report.charts.times import times_chart
from dawnbench.report.plots.bars import draw_segments
from dawnbench.report.plots.dots import draw_times
from dawnbench.report.plots.lines import draw_chart, draw_column, draw_row
from dawnbench.report.plots.style import save, styled
from dawnbench.stats.progress import median_trial
from dawnbench.stats.trial_values import times


def run_plots(run: Run, rule: str) -> dict[str, Figure]:
    """Return every plot for which a run's records hold something, by name."""
    rule = suiting_rule(run.record.kind, rule)
    median = median_number(run, rule)
    rate = learning_rate_chart(run, median)
    by_epoch = [chart for make in (loss_chart, epoch_accuracy_chart) if (chart := make(run, median))]
    latencies, throughput = latency_chart(run), throughput_chart(run)
    spread = times_chart(times(trial_set_of(run), rule), subject(run))
    with styled():
        drawn = {
            "accuracy": draw_accuracy(run, rule),
            "latency": draw_chart(latencies, 3.4) if latencies else None,
            "throughput": draw_chart(throughput, 3.0) if throughput else None,
            "curves": draw_row(by_epoch, 3.0) if by_epoch else None,
            "learning-rate": draw_chart(rate, 2.4) if rate else None,
            "segments": draw_segments(segment_chart(run, rule)),
            "telemetry": _telemetry(run, rule),
            "times": None if spread is None else draw_times(spread),
        }
    return {name: figure for name, figure in drawn.items() if figure is not None}


def draw_accuracy(run: Run, rule: str) -> Figure | None:
    """Draw validation accuracy over a rule's clock; None if there is none."""
    chart = accuracy_chart(run, rule, median_number(run, rule))
    return None if chart is None else draw_chart(chart, 3.4)


def _telemetry(run: Run, rule: str) -> Figure | None:
    median, samples = median_trial(run.trials, rule), read_samples(run.folder)
    own = None if median is None or samples is None else samples.of_trial(median)
    if median is None or own is None:
        return None
    charts = telemetry_charts(median, own, metric_units(run))
    return draw_column(charts, f"{run.record.identity.hardware}, trial {median.trial}") if charts else None


def write_plots(plots: dict[str, Figure], folder: Path) -> dict[str, Path]:
    """Write plots as SVG and PNG into a folder and return the SVGs by name.

    Raises:
        DawnbenchError: the files cannot be written.
    """
    return {name: save(figure, folder / name)[0] for name, figure in plots.items()}
