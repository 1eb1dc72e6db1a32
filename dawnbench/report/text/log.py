"""log.md: the model, the log table of each trial, the time under each rule, the telemetry."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from dawnbench.records.files import write
from dawnbench.records.reader import Run, collector_paused, read_run
from dawnbench.records.schema import TrialRecord
from dawnbench.report.text.log_table import TimeFormat, log_table
from dawnbench.report.text.sections import model_table, run_facts, telemetry_table, timing_table
from dawnbench.safe_text import markdown, markdown_block


def write_log(folder: Path, style: TimeFormat = "milliseconds") -> Path:
    """Write log.md into a run folder from what is recorded there, and return its path.

    Raises:
        DawnbenchError: the folder cannot be read or written.
    """
    with collector_paused():
        text = render_log(read_run(folder, ledgers=False), style)
    path = folder / "log.md"
    write(text, path)
    return path


def render_log(run: Run, style: TimeFormat = "milliseconds") -> str:
    """Return the text of log.md."""
    record = run.record
    parts = [f"# {markdown(record.identity.recipe)} on {markdown(record.device_name)}", run_facts(run)]
    parts += ["## Model", model_table(record.model)]
    records: dict[int, list[TrialRecord]] = {epoch.trial: [] for epoch in run.epochs}
    for trial in run.trials:
        records.setdefault(trial.trial, []).append(trial)
    for number in sorted(records):
        parts.append(f"## Trial {number}{_status(records[number])}")
        parts += [log_table(epochs, style)] if (epochs := run.epochs_of(number)) else []
        parts += [markdown_block(trial.reason) for trial in records[number] if trial.reason]
    if run.trials:
        parts += ["## Time under each rule", timing_table(run)]
        parts += ["## Telemetry", telemetry_table(run)]
    warnings = [f"trial {t.trial}: {warning}" for t in run.trials for warning in t.warnings]
    warnings = [*run.warnings, *record.notes, *warnings]
    if warnings:
        parts += ["## Warnings", "\n".join(f"- {markdown_block(w)}" for w in warnings)]
    return "\n\n".join(parts) + "\n"


def _status(records: Sequence[TrialRecord]) -> str:
    """Return how a trial went, by its records, of which there is one unless a file was put together."""
    if not records:
        return " (broken off)"
    trial = records[0]
    return f" (seed {trial.seed})" if trial.status == "finished" else f" (seed {trial.seed}, {trial.status})"
