"""A recipe: everything that decides what is trained and how, as data."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any, Literal

from dawnbench.errors import DawnbenchError
from dawnbench.recipes.registry import (
    ADDED_LATER,
    AugmentationPart,
    AveragePart,
    ModelPart,
    OptimizerPart,
    Part,
    SchedulePart,
    kind_of,
)
from dawnbench.recipes.values import from_json, require

Precision = Literal["auto", "fp32", "bf16", "fp16"]


@dataclass(frozen=True)
class DatasetSpec:
    """What the images are."""

    name: str
    """A known name, or a path to an .npz file or an image folder."""
    image_size: int = 32
    """Height and width that the model takes; other images are resized on the device."""
    mean: tuple[float, ...] | None = None
    """By channel, between 0 and 1; None measures the training images."""
    deviation: tuple[float, ...] | None = None
    """By channel, between 0 and 1; None measures the training images."""

    def __post_init__(self) -> None:
        """Refuse half of the statistics, and those by which nothing can be divided."""
        mean, deviation = self.mean or (), self.deviation or ()
        require(
            len(mean) == len(deviation),
            f"dataset.mean has {len(mean)} channels and dataset.deviation {len(deviation)}; give both, or "
            "null for both to measure them",
        )
        require(all(d > 0 for d in deviation), f"dataset.deviation={list(deviation)} must be above 0")


@dataclass(frozen=True)
class EvaluationSpec:
    """How validation accuracy is measured."""

    batch_size: int = 1000
    flip: bool = False
    """Whether to average the logits over each image and its mirror image."""
    shift: int = field(default=0, metadata=ADDED_LATER)
    """Pixels by which two further views are shifted, to either corner; together they weigh one half."""
    sure_from: float | None = field(default=None, metadata=ADDED_LATER)
    """An image is not shifted where its highest logit leads by this much or more; None shifts every image."""
    views_at_end: bool = field(default=False, metadata=ADDED_LATER)
    """Whether mirrored and shifted views are taken in the last epoch only, and the plain image before."""

    def __post_init__(self) -> None:
        """Refuse a shift backwards."""
        require(self.shift >= 0, f"evaluation.shift={self.shift} must not be negative")
        lead = self.sure_from
        require(lead is None or lead > 0, f"evaluation.sure_from={lead} must be above 0, or null")


@dataclass(frozen=True)
class WriteUp:
    """What the author has to say, in words; empty where nothing."""

    target: str = ""
    """What the model was meant to reach, and by what means."""
    analysis: str = ""
    """What came of it, and why."""


@dataclass(frozen=True)
class Recipe:
    """One system: data, model, training, target."""

    name: str
    summary: str
    """One line."""
    target: float
    """Validation accuracy to reach, between 0 and 1."""
    trials: int
    """How many a run does unless told otherwise."""
    dataset: DatasetSpec
    model: ModelPart
    epochs: int
    batch_size: int
    optimizer: OptimizerPart
    schedule: SchedulePart
    drop_last: bool = True
    """Whether an epoch leaves out the images that do not fill a batch."""
    augmentation: tuple[AugmentationPart, ...] = ()
    label_smoothing: float = 0.0
    average: AveragePart | None = None
    precision: Precision = "auto"
    """auto takes the fastest that the device multiplies in hardware; master weights are fp32 in each."""
    compile: bool | Literal["auto"] = False
    """Whether torch.compile makes the forward and backward pass; auto where that pays, which is on CUDA."""
    capture: bool = field(default=True, metadata=ADDED_LATER)
    """Whether steps are captured in a CUDA graph; false for a part of your own that makes the host wait."""
    resolutions: tuple[int, ...] = field(default=(), metadata=ADDED_LATER)
    """Heights and widths to which augmented training images are shrunk, each for an equal share of the
    epochs; none leaves them in `dataset.image_size`."""
    evaluation: EvaluationSpec = field(default_factory=EvaluationSpec)
    shuffle: bool = field(default=True, metadata=ADDED_LATER)
    """Whether each epoch shows the images in a new random order; otherwise always in the data set's own."""
    write_up: WriteUp = field(default=WriteUp(), metadata=ADDED_LATER)

    def __post_init__(self) -> None:
        """Refuse what could never train, or never be written down."""
        require(0 < self.target < 1, f"target={self.target} is not a fraction between 0 and 1, such as 0.94")
        counts = {
            "epochs": self.epochs,
            "batch_size": self.batch_size,
            "trials": self.trials,
            "dataset.image_size": self.dataset.image_size,
            "evaluation.batch_size": self.evaluation.batch_size,
        }
        for name, value in counts.items():
            require(value >= 1, f"{name}={value} must be at least 1")
        smoothing = self.label_smoothing
        require(0 <= smoothing < 1, f"label_smoothing={smoothing} must be at least 0 and below 1")
        size = self.dataset.image_size
        fits = all(1 <= resolution <= size for resolution in self.resolutions)
        require(fits, f"resolutions={list(self.resolutions)} must lie between 1 and image_size={size}")
        self._check_parts()

    def _check_parts(self) -> None:
        roles: dict[str, type[Part] | tuple[type[Part], type[None]]] = {
            "model": ModelPart,
            "optimizer": OptimizerPart,
            "schedule": SchedulePart,
            "average": (AveragePart, type(None)),
        }
        wrong = [name for name, role in roles.items() if not isinstance(getattr(self, name), role)]
        if not all(isinstance(part, AugmentationPart) for part in self.augmentation):
            wrong.append("augmentation")
        require(not wrong, f"the recipe's {' and '.join(wrong)} must be made of parts of that role")
        cycled = getattr(self.schedule, "momenta", None) is not None
        require(
            self.optimizer.takes_momentum or not cycled,
            "schedule.momenta goes with an optimizer that takes its momentum from a schedule, such as adam; "
            "set it to null",
        )
        try:
            json.dumps(self.to_dict(), allow_nan=False)
        except (LookupError, TypeError, ValueError) as error:
            raise DawnbenchError(f"the recipe {self.name} cannot be written as JSON: {error}") from error

    def to_dict(self) -> dict[str, Any]:
        """Return the recipe as JSON types; a part says its `kind`."""
        return _to_json(self)  # type: ignore[no-any-return]

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Recipe:
        """Return the recipe that `to_dict` wrote.

        Raises:
            DawnbenchError: a field is missing, unknown or of a wrong type.
        """
        return from_json(cls, data, "")

    def resolution(self, epoch: int) -> int:
        """Return the height and width of the training images in an epoch counted from 0."""
        if not self.resolutions:
            return self.dataset.image_size
        return self.resolutions[epoch * len(self.resolutions) // self.epochs]

    def digest(self) -> str:
        """Return the sha256 of all that decides the result; name, summary, trials and write-up do not."""
        words = ("name", "summary", "trials", "write_up")
        deciding = {k: v for k, v in self.to_dict().items() if k not in words}
        return hashlib.sha256(json.dumps(_canonical(deciding), sort_keys=True).encode()).hexdigest()


def _to_json(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        plain = {
            f.name: _to_json(getattr(value, f.name))
            for f in fields(value)
            if not f.metadata.get("added_later") or getattr(value, f.name) != f.default
        }
        return {"kind": kind_of(value)} | plain if isinstance(value, Part) else plain
    return [_to_json(item) for item in value] if isinstance(value, tuple) else value


def _canonical(value: Any) -> Any:
    """Return JSON types with whole numbers as floats, so that 0 and 0.0 are one."""
    if isinstance(value, dict):
        return {key: _canonical(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_canonical(item) for item in value]
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value
