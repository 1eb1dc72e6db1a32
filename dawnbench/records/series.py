"""Trials of one recipe on one device as statistics need them, from a run folder or from a baseline file."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dawnbench.errors import DawnbenchError
from dawnbench.records.reader import Run
from dawnbench.records.rules import RULES_BY_NAME
from dawnbench.records.schema import DataRecord, PairingRecord, Reading, TrialRecord, TrialStatus

LARGEST = 1e12
"""Of any figure; more seconds, joules or epochs than that are a damaged file."""


@dataclass(frozen=True, slots=True)
class TrialFigures:
    """What one trial came to."""

    trial: int
    """Counted from 1."""
    seed: int
    status: TrialStatus
    target: float
    seconds: dict[str, float | None]
    """Time under each rule; None where the rule gives none."""
    spent_seconds: dict[str, float | None]
    """What each rule's clock counted to the trial's end, target or not; None where its start was not seen."""
    epochs_to_target: int | None
    accuracy: float | None
    """Validation accuracy after the last epoch, 0 to 1; None where the trial did not come that far."""
    energy_joules: float | None
    """Over the whole trial."""
    energy_to_target_joules: float | None
    readings: dict[str, Reading] = field(default_factory=dict)
    """What the sensors showed during the trial, by metric."""
    throttle_reasons: tuple[str, ...] = ()
    """Why the GPU ran below its clocks during the trial."""
    warnings: tuple[str, ...] = ()
    """What the trial itself found doubtful, a sentence each."""

    @property
    def reached(self) -> bool:
        """Whether an epoch reached the target."""
        return self.epochs_to_target is not None

    @property
    def counts(self) -> bool:
        """Whether the trial says something about its recipe: it finished or diverged.

        One that was interrupted or failed for want of memory or disk says nothing, unless it had reached the
        target before.
        """
        return self.status in ("finished", "diverged") or self.reached


@dataclass(frozen=True, slots=True)
class Series:
    """Trials that belong together, and on what they were made."""

    name: str
    """The run folder's name, or what the user called the baseline."""
    created: str
    """Of the run, UTC, ISO 8601."""
    dawnbench_version: str
    recipe_name: str
    recipe: dict[str, Any]
    """The resolved recipe, whole."""
    recipe_digest: str
    target: float
    device: str
    device_name: str
    precision: str
    data: DataRecord
    environment: dict[str, Any]
    trials: tuple[TrialFigures, ...]
    pairing: PairingRecord | None = None
    warnings: tuple[str, ...] = ()
    """What of the run folder could not be read and the run's notes, a sentence each."""

    @property
    def counting(self) -> tuple[TrialFigures, ...]:
        """The trials that say something about the recipe."""
        return tuple(trial for trial in self.trials if trial.counts)


def series_of(run: Run) -> Series:
    """Return what a run folder's trials came to."""
    record = run.record
    series = Series(
        name=run.folder.resolve().name,
        created=record.created,
        dawnbench_version=record.dawnbench_version,
        recipe_name=record.recipe_name,
        recipe=record.recipe,
        recipe_digest=record.recipe_digest,
        target=record.target,
        device=record.device,
        device_name=record.device_name,
        precision=record.precision,
        data=record.data,
        environment=record.environment,
        trials=tuple(figures_of(trial) for trial in run.trials),
        pairing=record.pairing,
        warnings=(*run.warnings, *record.notes),
    )
    check_figures(series, run.folder / "trials.jsonl")
    return series


def check_figures(series: Series, path: Path) -> None:
    """Refuse figures that no run makes and that would overflow the statistics.

    Raises:
        DawnbenchError: an accuracy is no fraction, or another figure is negative or beyond 1e12.
    """
    for trial in series.trials:
        figures: dict[str, tuple[float | None, float]] = {
            "target": (trial.target, 1.0),
            "accuracy": (trial.accuracy, 1.0),
            "epochs_to_target": (trial.epochs_to_target, LARGEST),
            "energy_joules": (trial.energy_joules, LARGEST),
            "energy_to_target_joules": (trial.energy_to_target_joules, LARGEST),
            **{f"seconds.{rule}": (seconds, LARGEST) for rule, seconds in trial.seconds.items()},
            **{f"spent_seconds.{rule}": (seconds, LARGEST) for rule, seconds in trial.spent_seconds.items()},
        }
        for name, (value, most) in figures.items():
            if value is not None and not 0 <= value <= most:
                found = f"{value:g}" if isinstance(value, float) else str(value)[:30]
                raise DawnbenchError(
                    f"{path} is damaged: {name} of trial {trial.trial} is {found}, which no run makes"
                )


def figures_of(trial: TrialRecord) -> TrialFigures:
    """Return a trial's figures; a rule that this version does not know has no `spent_seconds`."""
    telemetry = trial.telemetry
    return TrialFigures(
        trial=trial.trial,
        seed=trial.seed,
        status=trial.status,
        target=trial.target,
        seconds=trial.seconds,
        spent_seconds={
            name: RULES_BY_NAME[name].spent_seconds(trial.segments)
            for name in trial.seconds
            if name in RULES_BY_NAME
        },
        epochs_to_target=trial.epochs_to_target,
        accuracy=trial.accuracy,
        energy_joules=None if telemetry is None else telemetry.energy_joules,
        energy_to_target_joules=None if telemetry is None else telemetry.energy_to_target_joules,
        readings={} if telemetry is None else telemetry.readings,
        throttle_reasons=() if telemetry is None else telemetry.throttle_reasons,
        warnings=trial.warnings,
    )
