"""A run whole, as one JSON document."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Literal

from dawnbench.export.gates import as_json
from dawnbench.records.reader import Run
from dawnbench.records.samples import Samples, read_samples
from dawnbench.records.schema import SCHEMA_VERSION, EpochRecord, RunRecord, TrialRecord
from dawnbench.records.store import finite


@dataclass(frozen=True, slots=True)
class TrialSamples:
    """What the hardware showed during a trial, sample by sample; all lists have the same length."""

    trial: int
    """Counted from 1."""
    t_ns: tuple[int, ...]
    """Since the trial began."""
    values: dict[str, tuple[float | None, ...]]
    """By metric, in the unit of the trial's `readings`; null where a sample has none."""
    throttle: tuple[tuple[str, ...], ...]
    """Why the GPU ran below its clocks."""


@dataclass(frozen=True, slots=True)
class RunDocument:
    """A run folder's content in one JSON object."""

    kind: Literal["dawnbench run"]
    schema_version: int
    """Of this document; a reader takes its own version and older ones."""
    name: str
    """The run folder's."""
    run: RunRecord
    trials: tuple[TrialRecord, ...]
    """In the order in which they ended."""
    epochs: tuple[EpochRecord, ...]
    """Of all trials, in the order in which they ended."""
    telemetry: tuple[TrialSamples, ...]
    """Of the trials during which there were samples."""
    warnings: tuple[str, ...]
    """What of the run folder could not be read, a sentence each."""


def run_json(run: Run) -> str:
    """Return a run as JSON that the published schema `run-v1.json` describes; what is not finite is null.

    Raises:
        DawnbenchError: the telemetry cannot be read.
    """
    samples = read_samples(run.folder)
    document = RunDocument(
        kind="dawnbench run",
        schema_version=SCHEMA_VERSION,
        name=run.folder.resolve().name,
        run=run.record,
        trials=run.trials,
        epochs=run.epochs,
        telemetry=() if samples is None else _by_trial(run, samples),
        warnings=run.warnings + (() if samples is None else samples.warnings),
    )
    return as_json(finite(asdict(document)))


def _by_trial(run: Run, samples: Samples) -> tuple[TrialSamples, ...]:
    found = ((trial, samples.of_trial(trial)) for trial in run.trials)
    return tuple(
        TrialSamples(
            trial.trial,
            tuple(seen.t_ns.tolist()),
            {name: tuple(column.tolist()) for name, column in seen.values.items()},
            seen.throttle,
        )
        for trial, seen in found
        if seen is not None
    )
