"""Parts: the exchangeable pieces of a recipe, each one class with its settings, their bounds and a `build`.

Importing this module does not import torch; what `build` makes is imported when it is called.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from dawnbench.recipes.constraints import check_fields

if TYPE_CHECKING:
    import torch
    from torch import nn

    from dawnbench.data.augmentation import Augmentation
    from dawnbench.optim.contracts import Average, GroupedOptimizer, Loss
    from dawnbench.optim.schedules import Schedule

__all__ = ["AugmentationPart", "AveragePart", "LossPart", "ModelPart", "OptimizerPart", "SchedulePart"]

ADDED_LATER: dict[str, Any] = {"added_later": True}
"""Metadata of a field that older runs and baselines do not know: left out of JSON while it holds its default,
so that their recipes and digests stay equal to today's."""
_CLASSES: dict[str, type[Part]] = {}


@dataclass(frozen=True)
class Part:
    """Base of all parts; subclass the one of the part's role, and name the kind where the class is defined.

    `@dataclass(frozen=True) class CropSpec(AugmentationPart, kind="crop")` registers a kind. One that is
    registered again means the new class from then on; parts of the older class stay what they are, so that
    two versions of a file can be run side by side.

    Fields hold JSON types, tuples, parts, or dataclasses of these. They are checked against their annotations
    when a part is made, bounds included: `width: Annotated[int, Field(ge=1)]`. What relates two fields goes
    into a `__post_init__`, which begins by calling the base's.
    """

    _role: ClassVar[str] = ""
    """The field of a recipe that holds parts of this role."""
    _kind: ClassVar[str | None] = None

    def __init_subclass__(cls, kind: str | None = None, **options: Any) -> None:
        """Register the class under its kind; without one it is a base for others."""
        super().__init_subclass__(**options)
        # A dataclass with slots is a copy of the class as written, made without the keyword.
        kind = kind or vars(cls).get("_kind")
        cls._kind = kind
        if kind is not None:
            _CLASSES[kind] = cls

    def __post_init__(self) -> None:
        """Refuse values of another type than annotated, or out of bounds."""
        self.check()

    def check(self) -> None:
        """Check the fields' values, which a `__post_init__` of the user's own may not have done.

        Raises:
            DawnbenchError: a value is of another type than annotated, or out of bounds.
        """
        check_fields(self, self._path())

    def _path(self) -> str:
        """Return where the part's settings stand in a recipe."""
        return self._role


@dataclass(frozen=True)
class ModelPart(Part):
    """A network."""

    _role = "model"

    def build(self, channels: int, classes: int) -> nn.Module:
        """Return the network, for normalized images (B, channels, H, W); it returns logits (B, classes).

        Each module that has weights of its own has a `reset_parameters()`: trials begin with it. A
        `dawnbench.models.fitted.FittedModel` is shown training images before its first step.
        """
        raise NotImplementedError


@dataclass(frozen=True)
class OptimizerPart(Part):
    """An optimizer, for the loss summed over the batch."""

    _role = "optimizer"
    takes_momentum: ClassVar[bool] = False
    """Whether a schedule may set the momentum: the optimizer then has `set_momentum`."""

    def build(
        self, model: nn.Module, *, batch_size: int, fused: bool, dtype: torch.dtype
    ) -> GroupedOptimizer:
        """Return an optimizer of the model's parameters, on their device.

        Each of its groups has `rate_scale`, the factor on the schedule's rate. `fused` says whether the
        device has torch's fused kernels, `dtype` what the step's matrix products may be computed in.
        """
        raise NotImplementedError


@dataclass(frozen=True)
class SchedulePart(Part):
    """A learning rate over time."""

    _role = "schedule"

    def build(self) -> Schedule:
        """Return a schedule, new for each trial; one with a `length` is stretched to the recipe's epochs."""
        raise NotImplementedError


@dataclass(frozen=True)
class AugmentationPart(Part):
    """A random change of training images."""

    _role = "augmentation"

    def build(self) -> Augmentation:
        """Return what moves, recolors or changes a batch's pixels on the device."""
        raise NotImplementedError

    def _path(self) -> str:
        return f"{self._role}.{self._kind or type(self).__name__}"


@dataclass(frozen=True)
class AveragePart(Part):
    """An average of the weights."""

    _role = "average"

    def build(self, model: nn.Module) -> Average:
        """Return an average; it restarts with each trial and is updated after each step."""
        raise NotImplementedError


@dataclass(frozen=True)
class LossPart(Part):
    """What training makes small."""

    _role = "loss"

    def build(self, model: nn.Module, label_smoothing: float) -> Loss:
        """Return a map from logits (B, classes) in float32 and labels (B,) in int64 to a scalar tensor.

        The scalar is the loss summed over the batch. `model` is given so that a penalty can see its weights;
        `label_smoothing` is the recipe's, at least 0 and below 1.
        """
        raise NotImplementedError


def spec_of(kind: str) -> type[Part] | None:
    """Return the class of a kind; None if there is no such kind."""
    return _CLASSES.get(kind)


def kinds(role: type[Part]) -> list[str]:
    """Return the names of all kinds that can fill a role."""
    return [kind for kind, part in _CLASSES.items() if issubclass(part, role)]


def kind_of(part: Part) -> str:
    """Return the kind that a part's class was defined with.

    Raises:
        LookupError: it was defined without one.
    """
    cls = type(part)
    if cls._kind is None:
        base = cls.__bases__[0].__name__
        name = cls.__name__
        raise LookupError(f'{name} has no kind; write `class {name}({base}, kind="{name.lower()}")`')
    return cls._kind
