"""Parts: the interchangeable pieces of a recipe, each a class with its settings, their bounds and a `build`.

Importing this module does not import torch; `build` imports what it needs when it is called.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, ClassVar

from dawnbench.recipes.constraints import check_fields

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

    from dawnbench.data.augmentation import Augmentation
    from dawnbench.optim.contracts import Average, GroupedOptimizer, Loss, Penalty
    from dawnbench.optim.schedules import Schedule

__all__ = [
    "AugmentationPart",
    "AveragePart",
    "LossPart",
    "ModelPart",
    "OptimizerPart",
    "PenaltyPart",
    "SchedulePart",
    "WeightsPart",
]

ADDED_LATER: dict[str, Any] = {"added_later": True}
"""Metadata of a field that older runs and baselines do not have. It is left out of JSON while it has its
default, so that old recipes and digests still equal current ones."""
_CLASSES: dict[str, type[Part]] = {}


@dataclass(frozen=True)
class Part:
    """Base of all parts; subclass the base of the part's role, and name the kind in the class statement.

    `@dataclass(frozen=True) class CropSpec(AugmentationPart, kind="crop")` registers a kind. Registering a
    kind again replaces the class; parts of the old class stay as they are, so that two versions of a file can
    be run side by side.

    Fields hold JSON types, tuples, parts, or dataclasses of these. They are checked against their annotations
    when a part is created, including bounds: `width: Annotated[int, Field(ge=1)]`. Constraints between fields
    go into a `__post_init__`, which first calls the base's.
    """

    _role: ClassVar[str] = ""
    """The recipe field that holds parts of this role."""
    _kind: ClassVar[str | None] = None

    def __init_subclass__(cls, kind: str | None = None, **options: Any) -> None:
        """Register the class under its kind; a class without a kind is a base for others."""
        super().__init_subclass__(**options)
        # A dataclass with slots is a copy of the original class, created without the keyword.
        kind = kind or vars(cls).get("_kind")
        cls._kind = kind
        if kind is not None:
            _CLASSES[kind] = cls

    def __post_init__(self) -> None:
        """Validate the types and bounds of all fields."""
        self.check()

    def check(self) -> None:
        """Check the fields' values, since a custom `__post_init__` may not have done so.

        Raises:
            DawnbenchError: a value has the wrong type or is out of bounds.
        """
        check_fields(self, self._path())

    def _path(self) -> str:
        """Return the path of the part's settings in a recipe."""
        return self._role


@dataclass(frozen=True)
class ModelPart(Part):
    """A network."""

    _role = "model"

    torchvision_weights: ClassVar[str] = ""
    """The weights that torchvision offers for this model, such as VGG16_BN_Weights.IMAGENET1K_V1."""

    sync_bn: bool = field(default=False, kw_only=True, metadata=ADDED_LATER)
    """Whether batch norms use the statistics of the batch of all devices together instead of their own part
    of it; the engine sees to that, and `build` need not. With one device there is no difference."""

    def settings(self) -> dict[str, Any]:
        """Return the fields that the kind itself declares, by name."""
        inherited = {one.name for one in fields(ModelPart)}
        return {one.name: getattr(self, one.name) for one in fields(self) if one.name not in inherited}

    def build(self, channels: int, classes: int) -> nn.Module:
        """Return the network, which maps normalized images (B, channels, H, W) to logits (B, classes).

        Each module with weights of its own needs a `reset_parameters()`, which every trial calls first. A
        `dawnbench.models.whitening.FittedModel` is fitted to training images before its first step.
        """
        raise NotImplementedError


@dataclass(frozen=True)
class OptimizerPart(Part):
    """An optimizer, for the loss summed over the batch."""

    _role = "optimizer"
    takes_momentum: ClassVar[bool] = False
    """Whether a schedule may set the momentum; if so, the optimizer has `set_momentum`."""

    def build(
        self, model: nn.Module, *, batch_size: int, fused: bool, dtype: torch.dtype
    ) -> GroupedOptimizer:
        """Return an optimizer for the model's parameters, on their device.

        Each of its groups has `rate_scale`, a factor on the schedule's rate. `fused` says whether the device
        supports torch's fused kernels, `dtype` is the type for the step's matrix products.
        """
        raise NotImplementedError


@dataclass(frozen=True)
class SchedulePart(Part):
    """A learning rate over time."""

    _role = "schedule"

    def build(self) -> Schedule:
        """Return a new schedule for a trial; one with a `length` is stretched to the recipe's epochs."""
        raise NotImplementedError


@dataclass(frozen=True)
class AugmentationPart(Part):
    """A random transformation of training images."""

    _role = "augmentation"

    def build(self) -> Augmentation:
        """Return an object that moves, recolors or changes a batch's pixels on the device."""
        raise NotImplementedError

    def _path(self) -> str:
        return f"{self._role}.{self._kind or type(self).__name__}"


@dataclass(frozen=True)
class AveragePart(Part):
    """An average of the weights."""

    _role = "average"

    def build(self, model: nn.Module) -> Average:
        """Return an average that restarts with each trial and is updated after each step."""
        raise NotImplementedError


@dataclass(frozen=True)
class LossPart(Part):
    """The loss that training minimizes."""

    _role = "loss"

    def build(self, model: nn.Module, label_smoothing: float) -> Loss:
        """Return a function from logits (B, classes) float32 and labels (B,) int64 to a scalar tensor.

        The scalar is the loss summed over the batch. `model` lets a penalty access the weights;
        `label_smoothing` is the recipe's, at least 0 and below 1.
        """
        raise NotImplementedError


@dataclass(frozen=True)
class PenaltyPart(Part):
    """A penalty on the weights, whose gradient is added after the backward pass."""

    _role = "penalty"

    def build(self, model: nn.Module, *, batch_size: int) -> Penalty:
        """Return the penalty on the model's parameters, for the loss summed over `batch_size` images.

        Raises:
            DawnbenchError: the model has nothing to penalize.
        """
        raise NotImplementedError


@dataclass(frozen=True)
class WeightsPart(Part):
    """The weights from which a trial starts, instead of those that the seed draws."""

    _role = "weights"

    def found(self, model: ModelPart) -> tuple[WeightsPart | None, str | None]:
        """Return this part with its file identified by a sha256, and a sentence if anything is missing.

        None instead of the part means that a trial starts from scratch.

        Raises:
            DawnbenchError: the file that the user named does not exist.
        """
        raise NotImplementedError

    def read(self, model: ModelPart) -> dict[str, Tensor]:
        """Return the tensors by name, on the host; the part is one that `found` returned.

        Raises:
            DawnbenchError: the file cannot be read, or is not the one that was found.
        """
        raise NotImplementedError


def spec_of(kind: str) -> type[Part] | None:
    """Return the class of a kind; None if there is no such kind."""
    return _CLASSES.get(kind)


def kinds(role: type[Part]) -> list[str]:
    """Return the names of all kinds that can fill a role."""
    return [kind for kind, part in _CLASSES.items() if issubclass(part, role)]


def kind_of(part: Part) -> str:
    """Return the kind under which a part's class was registered.

    Raises:
        LookupError: the class has no kind.
    """
    cls = type(part)
    if cls._kind is None:
        base = cls.__bases__[0].__name__
        name = cls.__name__
        raise LookupError(f'{name} has no kind; write `class {name}({base}, kind="{name.lower()}")`')
    return cls._kind
