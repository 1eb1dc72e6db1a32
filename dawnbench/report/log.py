"""log.md: the model, the log table of each trial, the time under each rule, the telemetry."""

from __future__ import annotations

from pathlib import Path

from dawnbench.errors import DawnbenchError
from dawnbench.records.reader import Run, read_run
from dawnbench.report.log_table import TimeFormat, log_table
from dawnbench.report.markdown import escape
from dawnbench.report.sections import model_table, run_facts, telemetry_table, timing_table


def write_log(folder: Path, style: TimeFormat = "milliseconds") -> Path:
    """Write log.md into a run folder from what is recorded there, and return its path.

    Raises:
        DawnbenchError: the folder cannot be read or written.
    """
    text = render_log(read_run(folder), style)
    path = folder / "log.md"
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise DawnbenchError(f"cannot write {path}: {error.strerror}") from error
    return path


def render_log(run: Run, style: TimeFormat = "milliseconds") -> str:
    """Return the text of log.md."""
    record = run.record
    parts = [f"# {escape(record.recipe_name)} on {escape(record.device_name)}", run_facts(run)]
    parts += ["## Model", model_table(record.model)]
    for trial in sorted({e.trial for e in run.epochs} | {t.trial for t in run.trials}):
        parts += [f"## Trial {trial}{_status(run, trial)}", *_trial(run, trial, style)]
    if run.trials:
        parts += ["## Time under each rule", timing_table(run)]
        parts += ["## Telemetry", telemetry_table(run)]
    warnings = [f"trial {t.trial}: {warning}" for t in run.trials for warning in t.warnings]
    warnings = [*run.warnings, *record.notes, *warnings]
    if warnings:
        parts += ["## Warnings", "\n".join(f"- {escape(w)}" for w in warnings)]
    return "\n\n".join(parts) + "\n"


def _trial(run: Run, number: int, style: TimeFormat) -> list[str]:
    epochs = run.epochs_of(number)
    reasons = [escape(t.reason) for t in run.trials if t.trial == number and t.reason]
    return [*([log_table(epochs, style)] if epochs else []), *reasons]


def _status(run: Run, number: int) -> str:
    trial = next((t for t in run.trials if t.trial == number), None)
    if trial is None:
        return " (broken off)"
    return f" (seed {trial.seed})" if trial.status == "finished" else f" (seed {trial.seed}, {trial.status})"
