"""A summary of a run's trials, for a terminal."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from dawnbench.records.rules import stops_at_target
from dawnbench.records.tags import tags_text
from dawnbench.records.trial_set import TrialSet
from dawnbench.report.text.costs import cost_sentences
from dawnbench.report.text.dashes import untimed_sentences
from dawnbench.report.text.stopping import stopping_sentence
from dawnbench.report.units import percent, significant, time_label, time_unit
from dawnbench.safe_text import plain
from dawnbench.stats.claim import ALPHA, Claim
from dawnbench.stats.inference_summary import InferenceSummary
from dawnbench.stats.run_warnings import RunWarning
from dawnbench.stats.sample import Sample
from dawnbench.stats.spending import Spending
from dawnbench.stats.trial_summary import Summary
from dawnbench.stats.trial_values import Times

Row = tuple[str, Sample | None, float, Callable[[float], str]]
"""A label with its unit, the values, what they are multiplied by for that unit, and how each is written."""

COLUMNS = ("", "n", "mean", "its 95 % interval", "sd", "median", "min", "max")


def summary_report(
    series: TrialSet, summary: Summary, found: Sequence[RunWarning], spent: Spending
) -> RenderableType:
    """Return the results with their spread, what they show and cost, and what is doubtful about them."""
    ended = () if series.stopping is None else (stopping_sentence(series.stopping),)
    said = (
        *single_value_notes(summary),
        *sentences(summary, series.target),
        *ended,
        *untimed_sentences(series),
        *cost_sentences(spent, summary),
    )
    table = figures_table(summary)
    of_trials = (f"trial {trial.trial}: {warning}" for trial in series.trials for warning in trial.warnings)
    return Group(
        Text(plain(f"{series.identity.recipe} on {series.identity.where}")),
        Text(plain(f"{series.name}, data {series.data.source} {series.data.fingerprint[:16]}"), style="dim"),
        *([Text(plain(f"tags {tags_text(series.tags)}"), style="dim")] if series.tags else []),
        "",
        *(part for part in (table, "") if table.row_count),
        *(Text(plain(sentence)) for sentence in said),
        *(Text(plain(f"! {note}"), style="yellow") for note in (*found, *of_trials, *series.warnings)),
    )


def figures_table(summary: Summary) -> Table:
    """Return one row per result: the time under each rule, epochs, accuracy, energy."""
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0))
    for i, column in enumerate(COLUMNS):
        # Folded, since a truncated number reads as a different one.
        table.add_column(column, justify="right" if i else "left", overflow="fold")
    rows: list[Row] = [
        (time_label(times.rule), times.sample, time_unit(times.rule).scale, significant)
        for times in summary.times
    ]
    rows += _training_rows(summary) if summary.inference is None else _inference_rows(summary.inference)
    for label, sample, scale, shown in rows:
        if sample is not None:
            table.add_row(Text(plain(label)), *_cells(sample, scale, shown))
    return table


def _training_rows(summary: Summary) -> list[Row]:
    return [
        ("epochs to target", summary.epochs, 1.0, "{:.2f}".format),
        ("final accuracy [%]", summary.accuracy, 100.0, "{:.2f}".format),
        ("energy [J]", summary.energy, 1.0, significant),
        ("energy to target [J]", summary.energy_to_target, 1.0, significant),
    ]


def _inference_rows(found: InferenceSummary) -> list[Row]:
    """Return what follows the mean latency; every pass gives the same answers, so accuracy has no row."""
    return [
        ("median latency [ms]", found.median, 1000.0, significant),
        ("90th percentile [ms]", found.p90, 1000.0, significant),
        ("99th percentile [ms]", found.p99, 1000.0, significant),
        ("longest [ms]", found.longest, 1000.0, significant),
        *(
            (f"batch {size} [images/s]", throughput, 1.0, significant)
            for size, throughput in found.throughputs.items()
        ),
        ("energy per image [mJ]", found.energy, 1000.0, significant),
    ]


def single_value_notes(summary: Summary) -> Iterator[str]:
    """Yield why `figures_table` has a dash, if it has one."""
    samples = (*(times.sample for times in summary.times), summary.epochs, summary.accuracy, summary.energy)
    if any(sample is not None and sample.count == 1 for sample in (*samples, summary.energy_to_target)):
        yield "A dash: a single value (n = 1) has neither sd nor interval."


def sentences(summary: Summary, target: float) -> Iterator[str]:
    """Yield how many trials reached the target, the expected time, and whether the accuracy claim holds."""
    goal = percent(target)
    if summary.inference is not None:
        yield from _answers(summary, summary.inference.images, target)
    elif summary.trials:
        yield f"{summary.reached} of {_trials(summary.trials)} reached the target of {goal}."
    for times in summary.times:
        if times.missed and times.expected is not None:
            yield _expected(times, goal)
    if summary.diverged:
        counts = "counts" if summary.diverged == 1 else "count"
        yield f"{_trials(summary.diverged)} diverged and {counts} as 0 % in the mean accuracy below."
    if summary.left_out:
        was, is_ = ("was", "is") if summary.left_out == 1 else ("were", "are")
        left_out, before = _trials(summary.left_out), "" if summary.inference else " before the target"
        yield f"{left_out} {was} interrupted or failed{before} and {is_} not counted."
    if summary.claim is not None:
        yield claim_sentence(summary.claim)


def _answers(summary: Summary, images: int, target: float) -> Iterator[str]:
    accuracy = summary.accuracy
    if accuracy is None:
        return
    reaches = "reaches" if accuracy.least >= target else "misses"
    goal = f"the target of {percent(target)}"
    right = percent(accuracy.mean)
    if accuracy.least < accuracy.most:
        right = f"{percent(accuracy.least)} to {percent(accuracy.most)}"
    yield f"{right} of {images:,} test images are classified correctly, which {reaches} {goal}."


def claim_sentence(claim: Claim) -> str:
    """Return whether the mean accuracy is at least the target, as a sentence."""
    goal, mean = percent(claim.target), percent(claim.mean)
    start = f"Mean accuracy {mean} over {_trials(claim.trials)}"
    if claim.p_value is None:
        why = "one trial has no spread" if claim.trials < 2 else "all are equal, so there is no spread"
        return f"{start}; {why} to test by whether the true mean is at least {goal}."
    bound = "" if claim.level == ALPHA else f" at a sequential bound of {claim.level:.2g}"
    test = f"one-sided t-test{bound}, p = {claim.p_value:.2g}"
    if claim.standing == "holds":
        return f"{start}: at least {goal} holds ({test})."
    if claim.standing == "fails":
        return f"{start}: below {goal} ({test})."
    settle = f"about {claim.settles_at:,}" if claim.settles_at else "more than 100,000"
    return f"{start}: whether it is at least {goal} is not settled ({test}); {settle} trials would settle it."


def _cells(sample: Sample, scale: float, shown: Callable[[float], str]) -> list[str]:
    interval = sample.interval
    bounds = "-"
    if interval is not None:
        bounds = f"{shown(scale * interval.low)} to {shown(scale * interval.high)}"
    deviation = "-"
    if sample.std is not None:
        # Equal values may leave a rounding error.
        deviation = "0" if sample.least == sample.most else significant(scale * sample.std, 2)
    others = [shown(scale * value) for value in (sample.median, sample.least, sample.most)]
    return [str(sample.count), shown(scale * sample.mean), bounds, deviation, *others]


def _expected(times: Times, goal: str) -> str:
    assert times.expected is not None
    missed, expected = _trials(len(times.missed)), times.expected
    what, how = (f"to {goal}", "missed it") if stops_at_target(times.rule) else ("of a trial", "diverged")
    if not times.reached:
        return f"No time {what} under {times.rule}: {missed} {how}."
    bounds = ""
    if expected.interval is not None:
        low, high = significant(expected.interval.low), significant(expected.interval.high)
        bounded = math.isfinite(expected.interval.high)
        bounds = f"{low} to {high} s" if bounded else f"from {low} s, with no upper bound"
        bounds = f" (95 % interval of it {bounds})"
    start = f"Expected time {what} under {times.rule}, with {missed} that {how}"
    return f"{start}: {significant(expected.seconds)} s{bounds}."


def _trials(count: int) -> str:
    return "1 trial" if count == 1 else f"{count} trials"
