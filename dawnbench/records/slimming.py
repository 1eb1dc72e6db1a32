"""What `dawnbench slim prune` found about a run's model: slim.json in a folder of the run."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter, ValidationError

from dawnbench.errors import DawnbenchError
from dawnbench.records.bounds import Count, Flops, Fraction, Ordinal, Seconds, Text, finite
from dawnbench.records.files import write
from dawnbench.records.reader import damaged, read_versioned

KIND = "dawnbench slimming"
FILE_NAME = "slim.json"

SlimRule = Literal["graph", "zcls"]
SlimTarget = Literal["ratio", "parameters", "flops", "speedup"]
PositiveNumber = Annotated[float, Field(gt=0, allow_inf_nan=False)]


@dataclass(frozen=True, slots=True)
class SlimSettings:
    """What decides the results besides the run and the values asked for."""

    rule: SlimRule
    target: SlimTarget
    finetune_epochs: Count
    """0 means no fine-tuning."""
    control: bool
    """Whether the narrow network is also trained from scratch."""
    seed: Count
    """Of fine-tuning and control."""
    changed: tuple[Text, ...] = ()
    """What --set changed in the recipe for fine-tuning, as `path=value`."""


@dataclass(frozen=True, slots=True)
class Accuracies:
    """What a model classified correctly of the validation images."""

    top1: Fraction | None
    """None if it could not be measured, as after a trial that diverged."""
    top5: Fraction | None


@dataclass(frozen=True, slots=True)
class TrainedModel:
    """The result of a run of its own."""

    run: Text
    """The name of its run folder, which is beside that of the run that was slimmed unless --out moved it."""
    epochs: Ordinal
    accuracy: Accuracies
    """After the last epoch."""


@dataclass(frozen=True, slots=True)
class SpeedRecord:
    """The narrow network's time to answer one batch beside the dense one's, measured in turns."""

    batch_size: Ordinal
    rounds: Ordinal
    """Pairs of measurements, in alternating order."""
    dense_seconds: Seconds
    """Per batch, the median over the rounds."""
    slimmed_seconds: Seconds
    latency_ratio: PositiveNumber
    """The narrow network's seconds over the dense one's: the median of the rounds' ratios."""
    low: PositiveNumber
    """The ratio that a quarter of the rounds is below."""
    high: PositiveNumber
    """The ratio that a quarter of the rounds is above."""

    @property
    def throughput_ratio(self) -> float:
        """The narrow network's images per second over the dense one's."""
        return 1 / self.latency_ratio


@dataclass(frozen=True, slots=True)
class Size:
    """What a network costs."""

    macs: Flops
    """Multiply-accumulates per image of convolutions, batch norms, linear layers and adaptive pooling, as the
    tool behind the published table counted them (and called FLOPs)."""
    flops: Flops
    """Floating-point operations per image of convolutions and linear layers, by torch's counter: two per
    multiply-accumulate."""
    parameters: Count


@dataclass(frozen=True, slots=True)
class SlimmedModel:
    """One narrower network."""

    value: PositiveNumber
    """What was asked for, in the units of the target."""
    predicted_ratio: Fraction
    """The share of batch-norm channels that was to go."""
    true_ratio: Fraction
    """The share that went."""
    size: Size
    file: Text
    """The network's file in the same folder, before fine-tuning."""
    before: Accuracies
    """Without fine-tuning."""
    finetuned: TrainedModel | None = None
    control: TrainedModel | None = None
    """The same network, trained from scratch for as many epochs as sparse training and fine-tuning together.
    """
    speeds: tuple[SpeedRecord, ...] = ()


@dataclass(frozen=True, slots=True)
class SlimRecord:
    """One slimming of a run's model."""

    kind: Literal["dawnbench slimming"]
    schema_version: int
    dawnbench_version: Text
    run: Text
    """The name of the run folder whose model was slimmed."""
    recipe_name: Text
    recipe_digest: str
    architecture: Text
    """The kind of the dense network's model part, and which of its settings are not the standard ones."""
    data: Text
    fingerprint: str
    epochs: Ordinal
    """Of the sparse training."""
    strength: PositiveNumber | None
    """Factor on the L1 norm of the batch norms' scales in training; None without a penalty."""
    device_name: Text
    precision: Text
    settings: SlimSettings
    dense: Size
    dense_accuracy: Accuracies
    notes: tuple[Text, ...]
    """Those of the run that was slimmed, such as pretrained weights that were not there."""
    models: tuple[SlimmedModel, ...] = ()
    """In the order in which they were made."""


_RECORD = TypeAdapter(SlimRecord)


def write_slimming(record: SlimRecord, folder: Path) -> None:
    """Write slim.json; an existing file is replaced atomically.

    Raises:
        DawnbenchError: the file cannot be written.
    """
    write(json.dumps(finite(asdict(record)), indent=1, allow_nan=False) + "\n", folder / FILE_NAME)


def read_slimming(folder: Path) -> SlimRecord:
    """Return what slim.json in a folder says.

    Raises:
        DawnbenchError: it cannot be read, is something else, is damaged, or newer than this version knows.
    """
    path = folder / FILE_NAME
    content = read_versioned(path, f"cannot read the slimming {path}")
    if content.get("kind") != KIND:
        raise DawnbenchError(f"{path} is not a slimming; `dawnbench slim prune` writes one")
    try:
        return _RECORD.validate_python(finite(content))
    except ValidationError as error:
        raise damaged(path, error) from error


def slimming_folder(run: Path, fresh: SlimRecord) -> Path:
    """Return the folder of a run for a slimming: one that goes on with an earlier one, or a new one.

    The first is RUN/slim, the next RUN/slim-2. An earlier one with the same settings, on the same kind of
    device, is gone on with; its record may hold models already.
    """
    number = 1
    while True:
        folder = run / ("slim" if number == 1 else f"slim-{number}")
        if not folder.exists():
            return folder
        try:
            earlier = read_slimming(folder)
        except DawnbenchError:
            earlier = None  # of a newer version, or not a slimming: leave it alone
        if earlier is not None and _deciding(earlier) == _deciding(fresh):
            return folder
        number += 1


def _deciding(record: SlimRecord) -> tuple[object, ...]:
    return record.settings, record.recipe_digest, record.device_name, record.precision
