"""The passes of an inference run, one row each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dawnbench.records.inference import InferenceSettings
from dawnbench.records.reader import Run
from dawnbench.records.schema import TrialRecord
from dawnbench.report.text.markdown import table
from dawnbench.report.units import latency, percent, significant
from dawnbench.safe_text import markdown, markdown_block
from dawnbench.stats.cost import MILLION, cost_of_time, dollars
from dawnbench.stats.spending import Spending

COST = "Cost per million images"
PER_IMAGE = "Energy of an image"


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure of a pass."""

    column: str
    text: str
    value: float | None
    """In the unit of the column, or None if it is unknown."""


def pass_figures(run: Run, trial: TrialRecord, priced: Spending | None = None) -> list[Figure]:
    """Return a pass's latencies, accuracy, energy, cost and throughput by batch size.

    The columns are the same for every pass of a run: energy and a batch size have one if any pass has a
    figure there. `priced` is for the price per hour.
    """
    found = trial.inference
    timed: tuple[float | None, ...] = (None,) * 5
    if found is not None:
        timed = (
            found.latency_seconds,
            found.median_seconds,
            found.p90_seconds,
            found.p99_seconds,
            found.max_seconds,
        )
    names = ("Latency", "Median", "90th percentile", "99th percentile", "Longest")
    figures = [Figure(name, latency(value), value) for name, value in zip(names, timed, strict=True)]
    figures.append(Figure("Accuracy", percent(trial.accuracy), trial.accuracy))
    if any(_joules(one) is not None for one in run.trials):
        joules = _joules(trial)
        text = "-" if joules is None else f"{significant(1000 * joules)} mJ"
        figures.append(Figure(PER_IMAGE, text, joules))
    if priced is not None and priced.prices.cost_per_hour is not None:
        seconds = None if found is None else MILLION * found.latency_seconds
        cost = cost_of_time(seconds, priced.prices)
        figures.append(Figure(COST, dollars(cost), cost))
    by_size = {} if found is None else {at.batch_size: at.images_per_second for at in found.throughputs}
    figures += [
        Figure(f"Images/s at batch {size}", "-" if rate is None else significant(rate), rate)
        for size in _batch_sizes(run)
        for rate in (by_size.get(size),)
    ]
    return figures


def passes_table(run: Run, priced: Spending | None = None) -> str:
    """Return one row per pass, for a run with at least one, and why any figure is missing."""
    rows = [pass_figures(run, trial, priced) for trial in run.trials]
    header = ["Pass", *(figure.column for figure in rows[0])]
    cells = [
        [str(trial.trial), *(markdown(figure.text) for figure in row)]
        for trial, row in zip(run.trials, rows, strict=True)
    ]
    notes = "\n".join(f"- {markdown_block(note)}" for note in pass_notes(run))
    return table(header, cells) + (f"\n\n{notes}" if notes else "")


def pass_notes(run: Run) -> Iterator[str]:
    """Yield why the table of a run's passes has a dash."""
    for trial in run.trials:
        if trial.inference is None:
            yield f"Pass {trial.trial} has no figures: {trial.reason or trial.status}."
    if all(_joules(trial) is None for trial in run.trials):
        return
    whys = (trial.inference.energy_unknown for trial in run.trials if trial.inference is not None)
    for why in dict.fromkeys(why for why in whys if why is not None):
        yield f"Energy of an image is unknown: {why}."


def model_fact(settings: InferenceSettings) -> str:
    """Return which model answered, and by what means."""
    origin = "" if settings.trained_run is None else f" of {settings.trained_run}"
    means = "onnxruntime" if settings.runtime == "onnx" else "torch"
    compiled = ", compiled" if settings.compile else ""
    # The path may name folders of the person's machine.
    name = settings.model.replace("\\", "/").rpartition("/")[2]
    return f"{name}{origin}, SHA-256 {settings.model_digest[:16]}, by {means}{compiled}"


def _batch_sizes(run: Run) -> list[int]:
    passes = [trial.inference for trial in run.trials if trial.inference is not None]
    return sorted({at.batch_size for one in passes for at in one.throughputs})


def _joules(trial: TrialRecord) -> float | None:
    return None if trial.inference is None else trial.inference.energy_per_image_joules
