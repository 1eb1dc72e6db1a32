"""Parts of a document about a run, as Markdown without a final newline."""

from __future__ import annotations

import shlex

from dawnbench.records.prices import NO_PRICES
from dawnbench.records.reader import Run
from dawnbench.records.schema import RunRecord, TrialRecord
from dawnbench.records.tags import tags_text
from dawnbench.report.text import dashes
from dawnbench.report.text.costs import price_facts
from dawnbench.report.text.markdown import table
from dawnbench.report.text.passes import model_fact
from dawnbench.report.text.readings import READINGS_HEADER, readings_rows
from dawnbench.report.text.stopping import stopping_sentence
from dawnbench.report.units import joules, percent, seconds
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
