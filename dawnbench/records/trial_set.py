"""Trials of one recipe on one device as statistics need them, from a run folder or a baseline file."""

from __future__ import annotations

from dataclasses import dataclass, field

from dawnbench.records.bounds import (
    Count,
    Environment,
    Fraction,
    Joules,
    Ordinal,
    RecipeSettings,
    Seconds,
    Seed,
    Tags,
    Text,
    TimeToTarget,
)
from dawnbench.records.identity import RunIdentity, identity_of
from dawnbench.records.inference import InferenceResult, InferenceSettings
from dawnbench.records.prices import NO_PRICES, Prices
from dawnbench.records.reader import Run
from dawnbench.records.rules import RULES_BY_NAME, is_per_image
from dawnbench.records.schema import (
    DataRecord,
    PairingRecord,
    Reading,
    StoppingRecord,
    TrialRecord,
    TrialStatus,
)


@dataclass(frozen=True, slots=True)
class TrialFigures:
    """The results of one trial."""

    trial: Ordinal
    seed: Seed
    status: TrialStatus
    target: Fraction
    seconds: dict[str, TimeToTarget | None]
    """Time under each rule, under `inference` that of one image; None if the rule gives none."""
    spent_seconds: dict[str, Seconds | None]
    """What each rule's clock counted to the trial's end, target or not; None if its start was not seen or the
    ledger is lost. Under `inference` it is that of one image."""
    epochs_to_target: Ordinal | None
    accuracy: Fraction | None
    """Validation accuracy after the last epoch, 0 to 1; None if the trial did not get that far."""
    energy_joules: Joules | None
    """Over the whole trial."""
    energy_to_target_joules: Joules | None
    readings: dict[str, Reading] = field(default_factory=dict)
    """What the sensors showed during the trial, by metric."""
    throttle_reasons: tuple[Text, ...] = ()
    """Why the GPU reduced its clocks during the trial."""
    warnings: tuple[Text, ...] = ()
    """What the trial itself found doubtful, one sentence each."""
    inference: InferenceResult | None = None
    """What the pass of an inference run came to; None in training runs."""
    resumed_after: Count | None = None
    """Complete epochs after which the trial was resumed, so that it has no times and no energy; else None."""

    @property
    def reached(self) -> bool:
        """Whether an epoch reached the target; in an inference run, whether the model's accuracy does."""
        if self.inference is not None:
            return self.accuracy is not None and self.accuracy >= self.target
        return self.epochs_to_target is not None

    @property
    def counts(self) -> bool:
        """Whether the trial says something about its recipe: it finished or diverged.

        A trial that was interrupted, or ran out of memory or disk, says nothing unless it had already reached
        the target.
        """
        return self.status in ("finished", "diverged") or self.reached


@dataclass(frozen=True, slots=True)
class TrialSet:
    """Trials that belong together, and what they were run on."""

    name: Text
    """The run folder's name, or what the user called the baseline."""
    created: Text
    """When the run was made: UTC, ISO 8601."""
    dawnbench_version: Text
    recipe_name: Text
    recipe: RecipeSettings
    """The complete resolved recipe."""
    recipe_digest: Text
    target: Fraction
    device: Text
    device_name: Text
    precision: Text
    data: DataRecord
    environment: Environment
    trials: tuple[TrialFigures, ...]
    pairing: PairingRecord | None = None
    stopping: StoppingRecord | None = None
    """Set if the number of trials depended on their results (`--trials auto`)."""
    warnings: tuple[Text, ...] = ()
    """What could not be read in the run folder, and the run's notes, one sentence each."""
    command: tuple[Text, ...] = ()
    """The command line that made the run; empty if it was not one, or if only a baseline is left of it."""
    tags: Tags = field(default_factory=dict)
    """The user's own labels for the run, by key; of several runs, those that all have."""
    prices: Prices = NO_PRICES
    """Those recorded with the run."""
    inference: InferenceSettings | None = None
    """Which model answered and how, in inference runs; None in training runs."""
    devices: Ordinal = 1
    """How many trained each trial together."""
    nodes: Ordinal = 1
    """How many machines those devices are in."""

    @property
    def identity(self) -> RunIdentity:
        """What was trained, on which data and device, and to which target."""
        return identity_of(self)

    @property
    def counting(self) -> tuple[TrialFigures, ...]:
        """The trials that say something about the recipe."""
        return tuple(trial for trial in self.trials if trial.counts)


def trial_set_of(run: Run) -> TrialSet:
    """Return a run folder's trials."""
    record = run.record
    return TrialSet(
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
        stopping=record.stopping,
        warnings=(*run.warnings, *record.notes),
        command=record.command,
        tags=record.tags,
        prices=record.prices,
        inference=record.inference,
        devices=record.devices,
        nodes=record.nodes,
    )


def figures_of(trial: TrialRecord) -> TrialFigures:
    """Return a trial's results; a rule that this version does not know has no `spent_seconds`."""
    telemetry, result = trial.telemetry, trial.inference
    latency = None if result is None else result.latency_seconds
    return TrialFigures(
        trial=trial.trial,
        seed=trial.seed,
        status=trial.status,
        target=trial.target,
        seconds={name: latency if is_per_image(name) else seconds for name, seconds in trial.seconds.items()},
        spent_seconds={
            name: latency if is_per_image(name) else _spent(trial, name)
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
        inference=result,
        resumed_after=trial.resumed_after,
    )


def _spent(trial: TrialRecord, rule: str) -> float | None:
    if not trial.segments or trial.resumed_after is not None:
        return None
    return RULES_BY_NAME[rule].spent_seconds(trial.segments)
