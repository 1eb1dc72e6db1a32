"""A scaling study as a table, as sentences and as a page."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import stdev

from rich.table import Table

from dawnbench.report.text.markdown import table
from dawnbench.report.units import number_bytes, percent, significant
from dawnbench.safe_text import markdown, markdown_block, plain
from dawnbench.stats.power_law import AmdahlLaw, PowerLaw
from dawnbench.stats.scaling_laws import AxisStudy, ScalePoint, ScalingStudy, same_predictions

HEADER = ("batch", "width", "threads", "epoch", "images/s", "peak", "predicted")
ACCURACY = "accuracy, sd"
"""The heading of a further column if there are seeds enough for a spread."""
SIZES = {"batch": "twice the batch size", "width": "twice the width"}


def scaling_table(study: ScalingStudy) -> Table:
    """Return the points for a terminal of 80 columns."""
    shown = Table(box=None, pad_edge=False)
    for column in _header(study):
        shown.add_column(column, justify="right")
    for row in _rows(study):
        shown.add_row(*row)
    return shown


def scaling_words(study: ScalingStudy) -> list[str]:
    """Return one sentence per axis, some on memory and accuracy, and one per point without a result."""
    sentences = [f"{along.axis}: {law_sentence(along)}" for along in study.axes]
    errors = [abs(e) for point in study.points if (e := point.prediction_error) is not None]
    if errors:
        sampled = ", which is sampled on a CPU and can miss a short one" if study.samples_peak else ""
        sentences.append(
            f"memory: the prediction was at most {100 * max(errors):.1f} % off the measured peak{sampled}"
        )
    else:
        sentences.append("memory: this device does not report its peak, so the prediction is untested")
    for along in study.axes:
        if along.axis == "batch" and (same := same_predictions(along)):
            places = " and ".join(f"{batch:g}" for batch in same)
            sentences.append(
                f"memory: the prediction is the same at batch {places}, because what does not grow with the "
                "batch, such as a validation, takes more there than a training step"
            )
    if not study.shows_spread and any(point.accuracies for point in study.points):
        sentences.append(
            "accuracy: not shown, since one seed per point cannot tell a trend from luck; --trials 3 shows it"
        )
    for point in study.points:
        if point.trouble is not None:
            sentences.append(f"{point.setting}: {plain(point.trouble)}")
    return sentences


def law_sentence(along: AxisStudy) -> str:
    """Return the law of an epoch's time in words, or why there is none."""
    law, count = along.law, len(along.points)
    if law is None:
        return f"no law from {count} point{'' if count == 1 else 's'}; give two values or more"
    if isinstance(law, AmdahlLaw):
        return amdahl_sentence(law, "an epoch", "threads")
    return (
        f"an epoch takes {_factor(law)} at {SIZES[along.axis]} (exponent {law.exponent:.2f}, {_trust(law)})"
    )


def amdahl_sentence(law: AmdahlLaw, of: str, workers: str) -> str:
    """Return the share of the time `of` something that more `workers`, such as threads, cannot shorten."""
    most = f"as many times as fast as {workers}"
    if law.serial:
        most = f"at most {1 / law.serial:.1f} times as fast"
    return f"{100 * law.serial:.0f} % of {of} is serial (Amdahl), so any number of {workers} makes it {most}"


def _factor(law: PowerLaw) -> str:
    return f"{2**law.exponent:.2g} times as long"


def _trust(law: PowerLaw) -> str:
    if law.low is None or law.high is None:
        return "two points, so no interval"
    return f"{law.low:.2f} to {law.high:.2f}, R² {law.r_squared:.3f}"


def scaling_page(study: ScalingStudy, figure: str) -> str:
    """Return the text of scaling.md, which shows the picture `figure` from the same folder."""
    title = f"# Scaling of {markdown(study.recipe_name)} on {markdown(study.device_name)}"
    words = "\n".join(f"- {markdown_block(sentence)}" for sentence in scaling_words(study))
    note = (
        "Width is the factor on the recipe's own widths. Epoch is the median training time of an epoch, "
        "without the first one if there are several. Peak is the most memory allocated on the device; "
        "predicted is what was expected before the run."
    )
    shown = "Time, memory and accuracy" if study.shows_spread else "Time and memory"
    picture = f"![{shown} by {', '.join(a.axis for a in study.axes)}]({figure})"
    return "\n\n".join([title, words, table(_header(study), _rows(study)), note, picture]) + "\n"


def _header(study: ScalingStudy) -> Sequence[str]:
    return (*HEADER, *[ACCURACY] * study.shows_spread)


def _rows(study: ScalingStudy) -> list[list[str]]:
    return [_cells(point) + [_accuracy(point)] * study.shows_spread for point in study.points]


def _cells(point: ScalePoint) -> list[str]:
    at, rate, time = point.setting, point.images_per_second, point.epoch_seconds
    return [
        str(at.batch),
        f"{at.width:g}",
        str(at.threads),
        "-" if time is None else f"{significant(time, 3)} s",
        "-" if rate is None else f"{rate:,.0f}",
        number_bytes(point.peak_memory_bytes),
        number_bytes(point.predicted_memory_bytes),
    ]


def _accuracy(point: ScalePoint) -> str:
    if len(point.accuracies) < 2:
        return f"{percent(point.accuracy)}, 1 seed" if point.accuracies else percent(None)
    return f"{percent(point.accuracy)}, {100 * stdev(point.accuracies):.2f}"
