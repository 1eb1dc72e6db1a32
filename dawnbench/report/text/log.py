"""log.md: the model, the log table of each trial, the time under each rule, the telemetry."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from dawnbench.records.files import write
from dawnbench.records.reader import Run, collector_paused, read_run
from dawnbench.records.schema import TrialRecord
from dawnbench.report.text.log_table import TimeFormat, log_table
from dawnbench.report.text.model_table import model_table
from dawnbench.report.text.passes import passes_table
from dawnbench.report.text.sections import run_facts, telemetry_table, timing_table
from dawnbench.safe_text import markdown, markdown_block


def write_log(folder: Path, style: TimeFormat = "milliseconds") -> Path:
    """Write log.md into a run folder from what is recorded there, and return its path.

    Raises:
        DawnbenchError: the folder cannot be read or written.
    """
    path = folder / "log.md"
    with collector_paused():
        write(_parts(read_run(folder, ledgers=False), style), path)
    return path


def render_log(run: Run, style: TimeFormat = "milliseconds") -> str:
    """Return the text of log.md."""
    return "".join(_parts(run, style))


def _parts(run: Run, style: TimeFormat) -> Iterator[str]:
    """Yield log.md piece by piece, so that little of it is in memory at a time."""
    record, one = run.record, run.record.identity
    yield f"# {markdown(one.recipe)} on {markdown(one.hardware)}\n\n{run_facts(run)}\n\n"
    yield f"## Model\n\n{model_table(record.model, trains=record.inference is None)}\n"
    if record.inference is not None:
        yield from _of_passes(run)
        return
    records: dict[int, list[TrialRecord]] = {number: [] for number in {epoch.trial for epoch in run.epochs}}
    for trial in run.trials:
        records.setdefault(trial.trial, []).append(trial)
    for number in sorted(records):
        yield f"\n## Trial {number}{_status(records[number])}\n"
        if epochs := run.epochs_of(number):
            yield f"\n{log_table(epochs, style)}\n"
        yield from (f"\n{markdown_block(trial.reason)}\n" for trial in records[number] if trial.reason)
    if run.trials:
        yield f"\n## Time under each rule\n\n{timing_table(run)}\n"
        yield f"\n## Telemetry\n\n{telemetry_table(run)}\n"
    yield from _warnings(run)


def _of_passes(run: Run) -> Iterator[str]:
    if run.trials:
        yield f"\n## Passes\n\n{passes_table(run)}\n"
        yield f"\n## Telemetry\n\n{telemetry_table(run)}\n"
    yield from _warnings(run)


def _warnings(run: Run) -> Iterator[str]:
    warnings = [f"trial {t.trial}: {warning}" for t in run.trials for warning in t.warnings]
    warnings = [*run.warnings, *run.record.notes, *warnings]
    if warnings:
        yield "\n## Warnings\n\n" + "".join(f"- {markdown_block(w)}\n" for w in warnings)


def _status(records: Sequence[TrialRecord]) -> str:
    """Return how a trial went, by its records, of which there is one unless a file was put together."""
    if not records:
        return " (broken off)"
    trial = records[0]
    return f" (seed {trial.seed})" if trial.status == "finished" else f" (seed {trial.seed}, {trial.status})"
