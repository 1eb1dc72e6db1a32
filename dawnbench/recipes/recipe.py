"""A recipe: everything that determines what is trained and how, as data."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, fields, is_dataclass
from itertools import pairwise
from typing import Annotated, Any, Literal

from pydantic import Field

from dawnbench.errors import DawnbenchError
from dawnbench.recipes.constraints import (
    FractionBelowOne,
    NonNegativeInt,
    Positive,
    PositiveInt,
    check_fields,
    require,
)
from dawnbench.recipes.part import (
    ADDED_LATER,
    AugmentationPart,
    AveragePart,
    LossPart,
    ModelPart,
    OptimizerPart,
    Part,
    PenaltyPart,
    SchedulePart,
    WeightsPart,
    kind_of,
)
from dawnbench.recipes.parts.losses import CrossEntropySpec
from dawnbench.recipes.values import check_numbers, from_json
from dawnbench.records.leaves import leaves, with_current_names, with_original_names

__all__ = ["DatasetSpec", "EvaluationSpec", "Recipe", "WriteUp"]

Precision = Literal["auto", "fp32", "bf16", "fp16"]
Target = Annotated[float, Field(gt=0, lt=1, description="a fraction between 0 and 1, such as 0.94")]


@dataclass(frozen=True)
class DatasetSpec:
    """The images to train on."""

    name: str
    """A known name, or a path to an .npz file or an image folder."""
    image_size: PositiveInt = 32
    """Height and width of the model's input; other images are resized on the device."""
    mean: tuple[float, ...] | None = None
    """By channel, between 0 and 1; None measures the training images."""
    std: tuple[Positive, ...] | None = None
    """By channel, between 0 and 1; None measures the training images."""

    def __post_init__(self) -> None:
        """Validate that the mean and the std are given together."""
        check_fields(self, "dataset")
        mean, std = self.mean or (), self.std or ()
        require(
            len(mean) == len(std),
            f"dataset.mean has {len(mean)} channels and dataset.std {len(std)}; give both, or "
            "null for both to measure them",
        )


@dataclass(frozen=True)
class EvaluationSpec:
    """How validation accuracy is measured."""

    batch_size: PositiveInt = 1000
    flip: bool = False
    """Whether to average the logits over each image and its mirror image."""
    top5: bool = field(default=False, metadata=ADDED_LATER)
    """Whether to also count the images whose class is among the five with the highest logits."""
    shift: NonNegativeInt = field(default=0, metadata=ADDED_LATER)
    """Pixels by which two further views are shifted toward opposite corners; together they have half the
    weight."""
    tta_images: PositiveInt | None = field(default=None, metadata=ADDED_LATER)
    """Number of validation images that get shifted views: those whose two highest logits are closest; None
    shifts every image."""
    tta_last_epoch_only: bool = field(default=False, metadata=ADDED_LATER)
    """Whether to use mirrored and shifted views in the last epoch only, and the plain image before."""

    def __post_init__(self) -> None:
        """Validate the types and bounds of all fields."""
        check_fields(self, "evaluation")


@dataclass(frozen=True)
class WriteUp:
    """The author's text about the recipe; empty by default."""

    target: str = ""
    """What the model was meant to achieve, and how."""

    def __post_init__(self) -> None:
        """Validate that the target is text."""
        check_fields(self, "write_up")


@dataclass(frozen=True)
class Recipe:
    """One system: data, model, training, target."""

    name: str
    summary: str
    """One line."""
    target: Target
    """Validation accuracy to reach, between 0 and 1."""
    trials: PositiveInt
    """The default number of trials of a run."""
    dataset: DatasetSpec
    model: ModelPart
    epochs: PositiveInt
    batch_size: PositiveInt
    optimizer: OptimizerPart
    schedule: SchedulePart
    drop_last: bool = True
    """Whether an epoch omits the images that do not fill a batch."""
    augmentation: tuple[AugmentationPart, ...] = ()
    label_smoothing: FractionBelowOne = 0.0
    average: AveragePart | None = None
    precision: Precision = "auto"
    """auto takes the fastest that the device multiplies in hardware; master weights are always fp32."""
    compile: bool | Literal["auto"] = False
    """Whether to use torch.compile for the forward and backward pass; auto uses it on CUDA, where it pays."""
    capture: bool = field(default=True, metadata=ADDED_LATER)
    """Whether to capture steps in a CUDA graph; set false for a custom part that makes the host wait."""
    resolutions: tuple[int, ...] = field(default=(), metadata=ADDED_LATER)
    """Heights and widths to which augmented training images are shrunk, each for an equal share of the
    epochs; empty keeps `dataset.image_size`."""
    evaluation: EvaluationSpec = field(default_factory=EvaluationSpec)
    shuffle: bool = field(default=True, metadata=ADDED_LATER)
    """Whether each epoch uses a new random order; otherwise the order of the data set."""
    write_up: WriteUp = field(default=WriteUp(), metadata=ADDED_LATER)
    loss: LossPart = field(default=CrossEntropySpec(), metadata=ADDED_LATER)
    penalty: PenaltyPart | None = field(default=None, metadata=ADDED_LATER)
    """A penalty on the weights; None for the optimizer's decay alone."""
    weights: WeightsPart | None = field(default=None, metadata=ADDED_LATER)
    """The weights from which each trial starts; None draws them from its seed."""
    gradient_reduction: Literal["fp32", "bf16"] = field(default="fp32", metadata=ADDED_LATER)
    """The format in which several devices add up their gradients; bf16 halves what they exchange."""
    changed: tuple[str, ...] = field(default=(), metadata=ADDED_LATER)
    """What `--set` and options like `--epochs` changed in the recipe, as `path=value`."""

    def __post_init__(self) -> None:
        """Validate that the recipe can be trained and written as JSON."""
        check_fields(self)
        for part in self._parts():
            part.check()
        size = self.dataset.image_size
        fits = all(1 <= resolution <= size for resolution in self.resolutions)
        require(fits, f"resolutions={list(self.resolutions)} must lie between 1 and image_size={size}")
        cycled = getattr(self.schedule, "momenta", None) is not None
        require(
            self.optimizer.takes_momentum or not cycled,
            "schedule.momenta requires an optimizer that takes its momentum from a schedule, such as adam; "
            "set it to null",
        )
        try:
            written = self.to_dict()
            json.dumps(written, allow_nan=False)
        except (LookupError, TypeError, ValueError) as error:
            raise DawnbenchError(f"the recipe {self.name} cannot be written as JSON: {error}") from error
        for path, leaf in leaves(written):
            check_numbers(leaf, path)

    def _parts(self) -> Iterator[Part]:
        for held in (getattr(self, f.name) for f in fields(self)):
            parts = held if isinstance(held, tuple) else (held,)
            yield from (part for part in parts if isinstance(part, Part))

    def to_dict(self) -> dict[str, Any]:
        """Return the recipe as JSON types; a part includes its `kind`."""
        return _to_json(self)  # type: ignore[no-any-return]

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Recipe:
        """Return the recipe that `to_dict` wrote.

        Raises:
            DawnbenchError: a field is missing, unknown or of the wrong type.
        """
        return from_json(cls, with_current_names(data), "")

    def resolution(self, epoch: int) -> int:
        """Return the height and width of the training images in an epoch counted from 0."""
        if not self.resolutions:
            return self.dataset.image_size
        return self.resolutions[epoch * len(self.resolutions) // self.epochs]

    def first_epochs(self) -> list[int]:
        """Return the epochs, counted from 0, at which the training image size may change."""
        shares = max(1, len(self.resolutions))
        # Consistent with `resolution`; -(-a // b) rounds up.
        return [-(-share * self.epochs // shares) for share in range(shares)]

    def epochs_by_resolution(self) -> Counter[int]:
        """Return the number of epochs at each training image size."""
        counts: Counter[int] = Counter()
        for first, following in pairwise([*self.first_epochs(), self.epochs]):
            if following > first:
                counts[self.resolution(first)] += following - first
        return counts

    def digest(self) -> str:
        """Return the sha256 of all that decides the result.

        Name, summary, trials, write-up, the list of changes and the path of initial weights do not.
        """
        words = ("name", "summary", "trials", "write_up", "changed")
        deciding = {k: v for k, v in with_original_names(self.to_dict()).items() if k not in words}
        if self.weights is not None:
            deciding["weights"] = {k: v for k, v in deciding["weights"].items() if k != "path"}
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
    """Return JSON types with integers as floats, so that 0 and 0.0 are equal."""
    if isinstance(value, dict):
        return {key: _canonical(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_canonical(item) for item in value]
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value
