"""Parts of a document about a run, as Markdown without a final newline."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence

from dawnbench.records.prices import NO_PRICES
from dawnbench.records.reader import Run
from dawnbench.records.schema import Reading, RunRecord, TelemetrySummary, TrialRecord
from dawnbench.records.tags import tags_text
from dawnbench.report.text import dashes
from dawnbench.report.text.costs import price_facts
from dawnbench.report.text.markdown import table
from dawnbench.report.text.passes import model_fact
from dawnbench.report.text.stopping import stopping_sentence
from dawnbench.report.units import joules, metric_name, number_bytes, of_all_gpus, percent, reading, seconds
from dawnbench.safe_text import markdown, markdown_block
from dawnbench.stats.comparison.trials_needed import as_launched
from dawnbench.stats.cost import cost_of_time, dollars
from dawnbench.stats.progress import spread_by_segment
from dawnbench.stats.spending import Spending


def run_facts(run: Run) -> str:
    """Return a list of what was run, on which device and data, and with which command."""
    record, one = run.record, run.record.identity
    packages = record.environment.get("packages") or {}
    checkout = record.environment.get("git") or {}
    commit = checkout.get("commit")
    inference = record.inference
    facts = [
        f"- Run: {markdown(run.folder.resolve().name)}, begun {markdown(record.created)}, {record.status}",
        *([f"- Model: {markdown(model_fact(inference))}"] if inference is not None else []),
        f"- Target: {percent(record.target)} validation accuracy",
        f"- Device: {markdown(one.hardware)} ({markdown(record.device)}), "
        f"precision {markdown(one.conditions)}",
        f"- Data: {markdown(record.data.source)}, {record.data.train_images} training and "
        f"{record.data.validation_images} validation images, fingerprint "
        f"{markdown(record.data.fingerprint[:16])}",
        f"- Command: {markdown(shlex.join(record.command)) if record.command else 'none, run from Python'}",
        *([f"- Changed in the recipe: {markdown(one.changes)}"] if one.changes else []),
        *([f"- Trials: {markdown(stopping_sentence(record.stopping))}"] if record.stopping else []),
        *([f"- Tags: {markdown(tags_text(record.tags))}"] if record.tags else []),
        *([f"- Prices given: {price_facts(record.prices)}"] if record.prices != NO_PRICES else []),
        f"- Recipe digest: {markdown(record.recipe_digest[:16])}",
        f"- Software: dawnbench {markdown(record.dawnbench_version)}, "
        f"torch {markdown(str(packages.get('torch', 'unknown')))}"
        + (
            f", commit {markdown(commit[:12])}{' with changes' if checkout.get('dirty') else ''}"
            if commit
            else ""
        ),
    ]
    return "\n".join(facts)


def reproducing_command(record: RunRecord) -> str:
    """Return the command line that repeats a run with as many threads and devices; empty from Python."""
    threads = record.identity.threads
    setting = "" if threads is None or not record.command else f"OMP_NUM_THREADS={threads} "
    return setting + shlex.join(as_launched(record.command, record.devices, record.nodes))


def timing_table(run: Run, priced: Spending | None = None) -> str:
    """Return each trial's time under each rule, for a run with at least one trial, and why any is missing.

    With `priced`, if it knows the price per hour, there is also the cost of the time under its rule.
    """
    rules = dashes.rules_shown(run)
    columns = [*rules, dashes.EPOCHS, dashes.ACCURACY, dashes.ENERGY]
    rows = [_timing_row(trial, rules) for trial in run.trials]
    if priced is not None and priced.prices.cost_per_hour is not None:
        columns.append(f"{dashes.COST}{priced.rule}")
        for row, trial in zip(rows, run.trials, strict=True):
            row.append(dollars(cost_of_time(trial.seconds.get(priced.rule), priced.prices)))
    text = table(["Trial", *map(markdown, columns)], rows)
    if notes := dashes.dash_notes(run, columns):
        text += "\n\n" + "\n".join(f"- {markdown_block(note)}" for note in notes)
    return text


def _timing_row(trial: TrialRecord, rules: list[str]) -> list[str]:
    energy = None if trial.telemetry is None else trial.telemetry.energy_to_target_joules
    return [
        str(trial.trial),
        *(seconds(trial.seconds.get(rule)) for rule in rules),
        "-" if trial.epochs_to_target is None else str(trial.epochs_to_target),
        percent(trial.accuracy),
        joules(energy),
    ]


def telemetry_table(run: Run) -> str:
    """Return the means and peaks of every reading, and what could not be read."""
    summaries = [trial.telemetry for trial in run.trials if trial.telemetry is not None]
    rows = [[markdown(cell) for cell in row] for row in readings_rows(run)]
    text = table(READINGS_HEADER, rows) if rows else "No sensor could be read."
    missing = run.record.telemetry_unavailable
    if missing:
        text += "\n\nNot read:\n\n" + "\n".join(
            f"- {markdown_block(why)}" for why in dict.fromkeys(missing.values())
        )
    reasons = sorted({reason for summary in summaries for reason in summary.throttle_reasons})
    if reasons:
        gpu = "A GPU" if run.record.devices > 1 else "The GPU"
        text += f"\n\n{gpu} was throttled by: " + ", ".join(markdown(r) for r in reasons) + "."
    return text


def segments_table(run: Run) -> str:
    """Return the seconds of each kind of segment: mean, minimum and maximum over the trials."""
    rows = [[markdown(name), *map(seconds, spread)] for name, spread in spread_by_segment(run.trials).items()]
    return table(["Segment", "Mean", "Least", "Most"], rows)


READINGS_HEADER = ["Reading", "Mean", "Peak"]


def readings_rows(run: Run) -> list[list[str]]:
    """Return one row per sensor over all trials, under `READINGS_HEADER`, and the device memory allocated.

    The sensors of each of several GPUs share a row.
    """
    summaries = [trial.telemetry for trial in run.trials if trial.telemetry is not None]
    found = combined(summaries)
    rows = [
        [metric_name(name), reading(both.mean, both), reading(both.peak, both)]
        for name, both in found.items()
        if of_all_gpus(name) is None
    ]
    rows += _of_each_gpu(found)
    peaks = [trial.peak_memory_bytes for trial in run.trials if trial.peak_memory_bytes is not None]
    return rows + ([["device memory allocated", "peak only", number_bytes(max(peaks))]] if peaks else [])


def _of_each_gpu(found: Mapping[str, Reading]) -> Iterator[list[str]]:
    """Yield a row per reading of several GPUs, with the least and the most of their means and peaks."""
    together: dict[str, list[Reading]] = {}
    for name, one in found.items():
        if (metric := of_all_gpus(name)) is not None:
            together.setdefault(metric, []).append(one)
    for metric, each in together.items():
        ends = (
            [reading(end(values), each[0]) for end in (min, max)]
            for values in ([one.mean for one in each], [one.peak for one in each])
        )
        yield [f"{metric_name(metric)}, each", *(f"{least} to {most}" for least, most in ends)]


def combined(summaries: Sequence[TelemetrySummary]) -> dict[str, Reading]:
    """Return each reading's mean over all samples of all trials, and its peak."""
    names = dict.fromkeys(name for summary in summaries for name in summary.readings)
    return {name: _combine(name, summaries) for name in names}


def _combine(name: str, summaries: Sequence[TelemetrySummary]) -> Reading:
    weighted = [(s.readings[name], s.samples) for s in summaries if name in s.readings]
    samples = sum(count for _, count in weighted)
    return Reading(
        mean=sum(reading.mean * count for reading, count in weighted) / samples,
        peak=max(reading.peak for reading, _ in weighted),
        unit=weighted[0][0].unit,
    )
