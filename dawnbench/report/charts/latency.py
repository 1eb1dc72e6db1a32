"""How fast a model answers: latency by pass, and throughput by batch size."""

from __future__ import annotations

from collections.abc import Callable

from dawnbench.records.inference import InferenceResult
from dawnbench.records.reader import Run
from dawnbench.records.rules import INFERENCE
from dawnbench.report.charts.chart import Axis, Chart, Color, Line
from dawnbench.report.charts.epochs import median_number, subject

PERCENTILES: tuple[tuple[str, Color, Callable[[InferenceResult], float]], ...] = (
    ("99th percentile", "red", lambda found: found.p99_seconds),
    ("90th percentile", "purple", lambda found: found.p90_seconds),
    ("mean", "blue", lambda found: found.latency_seconds),
    ("median", "green", lambda found: found.median_seconds),
)


def latency_chart(run: Run) -> Chart | None:
    """Return mean, median and percentiles of the latency by pass; None if no pass has them."""
    passes = [(trial.trial, trial.inference) for trial in run.trials if trial.inference is not None]
    if not passes:
        return None
    numbers = [number for number, _ in passes]
    return Chart(
        title="Latency by pass",
        note="Of all test images, one at a time: median (green), mean (blue), which is DAWNBench's latency, "
        "90th (purple) and 99th percentile (orange).",
        subject=subject(run),
        x=Axis("pass", kind="count"),
        y=Axis("latency of an image", "ms", digits=4, from_zero=True),
        lines=[
            Line(
                name,
                numbers,
                [1000 * read(found) for _, found in passes],
                color,
                thick=True,
                dots=True,
                key=name,
            )
            for name, color, read in PERCENTILES
        ],
        shared=True,
        height=320,
    )


def throughput_chart(run: Run) -> Chart | None:
    """Return throughput by batch size, one line per pass, the median one thick; None below two sizes."""
    median = median_number(run, INFERENCE.name)
    passes = [(trial.trial, trial.inference) for trial in run.trials if trial.inference is not None]
    passes.sort(key=lambda one: (one[0] == median, one[0]))
    sizes = sorted({at.batch_size for _, found in passes for at in found.throughputs})
    if len(sizes) < 2:
        return None
    lines = []
    for number, found in passes:
        thick = number == median
        lines.append(
            Line(
                f"pass {number}{' (median)' if thick else ''}",
                [at.batch_size for at in found.throughputs],
                [at.images_per_second for at in found.throughputs],
                "blue" if thick else "grey",
                thick=thick,
                dots=thick,
                key=f"pass {number}, the median" if thick else "the other passes",
            )
        )
    return Chart(
        title="Throughput by batch size",
        note="The thick line is the pass of median latency.",
        subject=subject(run),
        x=Axis("batch size", kind="count", scale="log", ticks=sizes),
        y=Axis("throughput", "images/s", digits=0, from_zero=True),
        lines=lines,
        height=320,
    )
