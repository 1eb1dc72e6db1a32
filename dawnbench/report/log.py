"""log.md: the model, the log table of each trial, the time under each rule, the telemetry."""

from __future__ import annotations

import shlex
from pathlib import Path

from dawnbench.errors import DawnbenchError
from dawnbench.records.reader import Run, read_run
from dawnbench.records.schema import ModelRecord, TrialRecord
from dawnbench.report.log_table import TimeFormat, log_table
from dawnbench.report.markdown import escape, table
from dawnbench.report.telemetry import combined
from dawnbench.report.units import flops, joules, metric_name, number_bytes, percent, reading, seconds


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
    parts = [f"# {escape(record.recipe_name)} on {escape(record.device_name)}", _facts(run)]
    parts += ["## Model", model_table(record.model)]
    for trial in sorted({e.trial for e in run.epochs} | {t.trial for t in run.trials}):
        parts += [f"## Trial {trial}{_status(run, trial)}", *_trial(run, trial, style)]
    if run.trials:
        parts += ["## Time under each rule", _timing(run)]
        parts += ["## Telemetry", _telemetry(run)]
    warnings = [f"trial {t.trial}: {warning}" for t in run.trials for warning in t.warnings]
    if warnings or run.warnings:
        parts += ["## Warnings", "\n".join(f"- {escape(w)}" for w in (*run.warnings, *warnings))]
    return "\n\n".join(parts) + "\n"


def _facts(run: Run) -> str:
    record = run.record
    packages = record.environment.get("packages") or {}
    commit = record.environment.get("git") or {}
    facts = [
        f"- Run: {escape(run.folder.resolve().name)}, begun {record.created}, {record.status}",
        f"- Target: {percent(record.target)} validation accuracy",
        f"- Device: {escape(record.device_name)} ({record.device}), precision {record.precision}",
        f"- Data: {escape(record.data.source)}, {record.data.train_images} training and "
        f"{record.data.validation_images} validation images, fingerprint {record.data.fingerprint[:16]}",
        f"- Command: {escape(shlex.join(record.command)) if record.command else 'none, run from Python'}",
        f"- Recipe digest: {record.recipe_digest[:16]}",
        f"- Software: dawnbench {record.dawnbench_version}, torch {packages.get('torch', 'unknown')}"
        + (
            f", commit {commit['commit'][:12]}{' with changes' if commit.get('dirty') else ''}"
            if commit
            else ""
        ),
    ]
    return "\n".join(facts)


def model_table(model: ModelRecord) -> str:
    """Return the table of layers with output shapes and trained parameters, and the totals below it."""
    rows = [
        [
            f"{escape(layer.name)} ({layer.kind})",
            "x".join(map(str, layer.output_shape)),
            f"{layer.parameters:,}",
        ]
        for layer in model.layers
    ]
    totals = (
        f"{model.parameters:,} parameters trained, {model.fixed_parameters:,} fixed; "
        f"{flops(model.flops_per_step)} a step, {flops(model.flops_per_trial)} a trial."
    )
    return table(["Layer", "Output shape", "Parameters"], rows) + "\n\n" + totals


def _trial(run: Run, number: int, style: TimeFormat) -> list[str]:
    epochs = run.epochs_of(number)
    reasons = [escape(t.reason) for t in run.trials if t.trial == number and t.reason]
    return [*([log_table(epochs, style)] if epochs else []), *reasons]


def _status(run: Run, number: int) -> str:
    trial = next((t for t in run.trials if t.trial == number), None)
    if trial is None:
        return " (broken off)"
    return f" (seed {trial.seed})" if trial.status == "finished" else f" (seed {trial.seed}, {trial.status})"


def _timing(run: Run) -> str:
    rules = list(run.trials[0].seconds)
    header = ["Trial", *rules, "Epochs to target", "Final accuracy", "Energy to target"]
    rows = [_timing_row(trial, rules) for trial in run.trials]
    note = "A dash: the rule stops at the target and the trial did not reach it, or the trial broke off."
    return table(header, rows) + "\n\n" + note


def _timing_row(trial: TrialRecord, rules: list[str]) -> list[str]:
    energy = None if trial.telemetry is None else trial.telemetry.energy_to_target_joules
    return [
        str(trial.trial),
        *(seconds(trial.seconds.get(rule)) for rule in rules),
        "-" if trial.epochs_to_target is None else str(trial.epochs_to_target),
        percent(trial.accuracy),
        joules(energy),
    ]


def _telemetry(run: Run) -> str:
    summaries = [trial.telemetry for trial in run.trials if trial.telemetry is not None]
    rows = [
        [metric_name(name), reading(both.mean, both), reading(both.peak, both)]
        for name, both in combined(summaries).items()
    ]
    peaks = [t.peak_memory_bytes for t in run.trials if t.peak_memory_bytes is not None]
    if peaks:
        rows.append(["device memory allocated", "-", number_bytes(max(peaks))])
    text = table(["Reading", "Mean", "Peak"], rows) if rows else "No sensor could be read."
    missing = run.record.telemetry_unavailable
    if missing:
        text += "\n\nNot read:\n\n" + "\n".join(f"- {escape(why)}" for why in dict.fromkeys(missing.values()))
    reasons = sorted({reason for summary in summaries for reason in summary.throttle_reasons})
    if reasons:
        text += "\n\nThe GPU was held below its clocks by: " + ", ".join(escape(r) for r in reasons) + "."
    return text
