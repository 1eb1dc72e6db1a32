"""What a run folder holds, field by field.

`RunRecord` is run.json; `TrialRecord` and `EpochRecord` are the lines of trials.jsonl and epochs.jsonl. A
value that could not be measured, or is not finite, is None. The types say which values are possible
(`records.bounds`), and both the writer and the reader check every value (`records.salvage`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from dawnbench.records.bounds import (
    Count,
    Environment,
    Flops,
    Fraction,
    Joules,
    Loss,
    Nanoseconds,
    Ordinal,
    Rate,
    RecipeSettings,
    Seconds,
    Seed,
    SensorValue,
    SignedNanoseconds,
    Tags,
    Text,
    TimeToTarget,
)
from dawnbench.records.identity import RunIdentity, identity_of
from dawnbench.records.inference import InferenceResult, InferenceSettings, RunKind
from dawnbench.records.prices import NO_PRICES, Prices

SCHEMA_VERSION = 1

TrialStatus = Literal["finished", "diverged", "interrupted", "failed"]
RunStatus = Literal["running", "finished", "interrupted", "failed", "died"]
"""`died` is what a reader calls a run whose process ended without noting how; run.json never says it."""
Side = Literal["A", "B"]
Question = Literal["verdict", "claim", "interval"]
"""What `--trials auto` is to settle: which side of a campaign is faster, whether the mean accuracy is at
least the target, or how long a trial takes."""
StopCause = Literal["settled", "no times", "max trials", "max minutes"]
""""no times": until the first look no trial had a time, so that there would be nothing to settle."""


@dataclass(frozen=True, slots=True)
class Segment:
    """One timed stretch of a trial."""

    name: str
    epoch: Ordinal | None
    """Counted from 1; None outside the epochs."""
    start_ns: SignedNanoseconds
    """Since the trial began; negative for the one-time set-up before a run's trials."""
    length_ns: Nanoseconds


@dataclass(frozen=True, slots=True)
class EpochRecord:
    """One epoch of one trial: the row of the log table."""

    trial: Ordinal
    """Counted from 1."""
    epoch: Ordinal
    """Counted from 1."""
    learning_rate: Rate | None
    """The schedule's value at the epoch's first step."""
    train_seconds: Seconds | None
    evaluate_seconds: Seconds | None
    train_loss: Loss | None
    """The mean of the batches' mean losses, in nats: the mean over all images seen if every batch is full."""
    train_correct: Count
    train_images: Ordinal
    validation_loss: Loss | None
    """Mean over the validation images, in nats."""
    validation_correct: Count
    validation_images: Ordinal
    energy_joules: Joules | None = None
    """Spent since the trial began, up to the end of this epoch's evaluation."""
    last_batch_loss: Loss | None = None
    """Mean over the images of the epoch's last training batch, in nats; None in older files."""
    validation_top5: Count | None = None
    """Validation images whose class is among the five with the highest logits; None unless the recipe asks
    (`evaluation.top5`), and in older files."""
    slowest_train_seconds: Seconds | None = None
    """`train_seconds` of the slowest of several devices; the other times are those of the first one. None for
    one device, and in older files."""
    slowest_evaluate_seconds: Seconds | None = None
    """The same of `evaluate_seconds`."""

    @property
    def validation_accuracy(self) -> float:
        """The fraction of validation images classified correctly, 0 to 1."""
        return self.validation_correct / self.validation_images

    @property
    def top5_accuracy(self) -> float | None:
        """The fraction whose class is among the five with the highest logits; None if not counted."""
        return None if self.validation_top5 is None else self.validation_top5 / self.validation_images


@dataclass(frozen=True, slots=True)
class Reading:
    """What one sensor showed over a period of time."""

    mean: SensorValue
    peak: SensorValue
    unit: Text


@dataclass(frozen=True, slots=True)
class TelemetrySummary:
    """What the hardware did during a trial."""

    samples: Count
    readings: dict[str, Reading]
    """By metric name; a metric that could not be read is absent, and run.json says why."""
    throttle_reasons: tuple[Text, ...]
    """Every reason that the GPU's driver gave during the trial for reducing its clocks."""
    energy_joules: Joules | None
    """Over the whole trial."""
    energy_to_target_joules: Joules | None
    """From the start of the trial to the end of the epoch that reached the target."""
    energy_source: Text | None
    """Which counter the joules come from."""
    gpu_energy: dict[str, Joules] = field(default_factory=dict)
    """The joules of each of several GPUs over the whole trial, by its rank; empty for one GPU, if there is no
    counter, and in older files."""


@dataclass(frozen=True, slots=True)
class TrialRecord:
    """One training from a fresh seed; in an inference run, one pass over all test images."""

    trial: Ordinal
    """Counted from 1."""
    seed: Seed
    status: TrialStatus
    reason: Text | None
    """Why a trial did not finish."""
    segments: tuple[Segment, ...]
    """The ledger; the run's one-time set-up comes first, at negative times."""
    seconds: dict[str, TimeToTarget | None]
    """Time under each rule; None if the rule stops at the target and the target was not reached."""
    target: Fraction
    epochs_to_target: Ordinal | None
    accuracy: Fraction | None
    """Validation accuracy after the last epoch, or of an inference run's answers, 0 to 1."""
    best_accuracy: Fraction | None
    wall_seconds: Seconds | None
    """The trial's duration by the host's clock."""
    device_seconds: Seconds | None
    """The trial's duration by the device's own clock, or the host's if the device has none."""
    peak_memory_bytes: Count | None
    """The most memory allocated on the device at one time; None if the device does not report it."""
    telemetry: TelemetrySummary | None
    warnings: tuple[Text, ...] = ()
    began_ns: Count | None = None
    """When the trial began, on the clock of the telemetry's `t_ns`; None if that was not recorded."""
    inference: InferenceResult | None = None
    """What the pass of an inference run came to; None in training runs, and if the pass did not finish."""
    top5_accuracy: Fraction | None = None
    """As `accuracy`, but the image's class only has to be among the five with the highest logits; None unless
    the recipe asks (`evaluation.top5`), and in older files."""
    resumed_after: Count | None = None
    """Complete epochs after which `dawnbench resume` went on with the trial, which therefore has no times.
    Also 0 for one that it ran on another device or number of threads. None if one process ran it all."""


@dataclass(frozen=True, slots=True)
class LayerRecord:
    """One layer of the model."""

    name: str
    kind: str
    output_shape: tuple[Count, ...]
    """Without the batch dimension."""
    parameters: Count


@dataclass(frozen=True, slots=True)
class ModelRecord:
    """The model that was trained."""

    layers: tuple[LayerRecord, ...]
    parameters: Count
    """Those that are trained."""
    fixed_parameters: Count
    flops_per_step: Flops | None
    """Of one training step (forward and backward), with a multiply-add counted as two."""
    flops_per_trial: Flops | None


@dataclass(frozen=True, slots=True)
class DataRecord:
    """The data that was trained on."""

    source: Text
    """The name, or the path as the user gave it."""
    fingerprint: str
    """Of the decoded pixels and labels of both splits; results on different data are never compared."""
    train_images: Ordinal
    validation_images: Ordinal
    image_shape: tuple[Ordinal, Ordinal, Ordinal]
    """Height, width, channels, as stored."""
    classes: Ordinal


@dataclass(frozen=True, slots=True)
class PairingRecord:
    """How a run's trials alternate with those of another run, on one device in one process."""

    campaign: str
    """The same in both runs."""
    side: Side


@dataclass(frozen=True, slots=True)
class LookRecord:
    """What `--trials auto` saw when it looked at the trials so far."""

    trials: Ordinal
    """Trials, or pairs, that say something about the question."""
    p_value: Fraction | None
    """Of the signed-rank test of a verdict (two-sided) or the t-test of a claim (whether the mean is above
    the target); None for an interval, and without spread."""
    level: Fraction | None
    """Below which the p-value settles the question; for a claim also from the other side. None for an
    interval."""
    low: SensorValue | None
    """Of the interval: for a verdict of the ratio, B over A, at 1 - `level`, so that all looks together hold
    it in 99 %; for an interval the 95 % one of the mean time in seconds. None for a claim or no bound."""
    high: SensorValue | None


@dataclass(frozen=True, slots=True)
class StoppingRecord:
    """How `--trials auto` decides how many trials to run, and how that ended."""

    question: Question
    rule: Text | None
    """The timing rule that the question is about; None for a claim."""
    until: Fraction | None
    """Of an interval, the half-width to reach over the mean; of a verdict, the margin of no difference."""
    alpha: Fraction
    """The level that is spent evenly over the looks: of both sides for a verdict, of each for a claim. Of an
    interval, how often it may miss the mean."""
    first_look: Ordinal
    """Trials, or pairs, before the first look; there is one after each later trial that counts."""
    max_trials: Ordinal
    """Trials, or pairs, after which it stops in any case."""
    max_minutes: Seconds | None
    """Minutes after which no further trial begins; None for no limit."""
    looks: tuple[LookRecord, ...] = ()
    ended: StopCause | None = None
    """None while it goes on, and if the run was interrupted."""
    reason: Text | None = None
    """Why it ended."""


@dataclass(frozen=True, slots=True)
class ProcessRecord:
    """The process that writes a run, so that a reader can tell whether it is still alive."""

    pid: Count
    start_ticks: Count
    """When it started, in clock ticks since the machine booted."""
    boot_id: Text
    """The kernel's random name for this boot; no other machine has it."""
    pid_namespace: Text
    """The namespace that `pid` belongs to; containers have their own."""


@dataclass(frozen=True, slots=True)
class ResumptionRecord:
    """How `dawnbench resume` went on with a run after its process had ended."""

    at: Text
    """UTC, ISO 8601."""
    trial: Ordinal | None
    """The first trial that was not complete; None if only the run's end was left to note."""
    after_epochs: Count
    """That trial's complete epochs in the checkpoint it went on from; 0 if it started again from its seed."""
    process: ProcessRecord | None
    """None if the system does not reveal it."""


@dataclass(frozen=True, slots=True)
class RunRecord:
    """The run as a whole: run.json."""

    schema_version: int
    dawnbench_version: Text
    recipe_name: Text
    created: Text
    """UTC, ISO 8601."""
    status: RunStatus
    command: tuple[Text, ...]
    recipe: RecipeSettings
    """The complete resolved recipe."""
    recipe_digest: str
    """Of the resolved recipe without its name, summary, trials and write-up; in an inference run also of how
    the model was run."""
    trials: Count
    """How many were requested; under `--trials auto` at most how many, and how many it took once it ended."""
    seed: Seed
    """Of the first trial; each later one adds 1."""
    target: Fraction
    device: Text
    device_name: Text
    precision: Text
    data: DataRecord
    model: ModelRecord
    environment: Environment
    telemetry_unavailable: dict[str, Text]
    """Why it could not be read, by metric."""
    pairing: PairingRecord | None = None
    """Set if the run is one side of `dawnbench ab`: trial n of one side is paired with n of the other."""
    predicted_memory_bytes: Count | None = None
    """A trial's peak memory on the device as predicted before the first trial; None if it could not be
    predicted, and in older files."""
    learning_rates: tuple[tuple[Count, Rate], ...] = ()
    """The schedule as points joined by straight lines: (step counted from 0, rate); empty in older files, and
    if the rate depends on what happens in training."""
    notes: tuple[Text, ...] = ()
    """What was requested and could not be done, one sentence each, such as a step that cannot be captured."""
    process: ProcessRecord | None = None
    """None if the system does not reveal it, and in older files."""
    stopping: StoppingRecord | None = None
    """Set if the run went on until a question was settled (`--trials auto`); None in older files."""
    tags: Tags = field(default_factory=dict)
    """The user's own labels for the run, by key; empty in older files."""
    prices: Prices = NO_PRICES
    """Those given to the command that made the run; what a reader is given wins over them."""
    kind: RunKind = "training"
    """An inference run times the answers of a trained model; its trials have no epochs."""
    inference: InferenceSettings | None = None
    """Set in inference runs."""
    devices: Ordinal = 1
    """How many trained each trial together; 1 in older files."""
    nodes: Ordinal = 1
    """How many machines those devices are in; 1 in older files."""
    save_model: bool = False
    """Whether the model of the last finished trial is kept; False in older files, whose `command` says it."""
    checkpoint_every: Ordinal | None = None
    """Epochs from one checkpoint of the trial's state to the next; None for no checkpoints."""
    resumptions: tuple[ResumptionRecord, ...] = ()
    """Each time that the run was resumed. A trial's last line is then the one that counts, and an epoch's
    line takes the place of that trial's earlier lines from this epoch on."""

    @property
    def can_be_resumed(self) -> bool:
        """Whether `dawnbench resume` can finish it: a training of a fixed number of trials ended early."""
        plain = self.inference is None and self.pairing is None and self.stopping is None
        return plain and self.status in ("interrupted", "failed", "died")

    @property
    def identity(self) -> RunIdentity:
        """What was trained, on which data and device, and to which target."""
        return identity_of(self)
