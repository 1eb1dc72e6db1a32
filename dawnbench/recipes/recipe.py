"""A recipe: everything that decides what is trained and how, as data."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any, Literal, TypeVar, get_type_hints

from pydantic import TypeAdapter, ValidationError

from dawnbench.errors import DawnbenchError
from dawnbench.recipes.registry import Part, kind_of, spec_of

Precision = Literal["auto", "fp32", "bf16", "fp16"]
Built = TypeVar("Built")


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


@dataclass(frozen=True)
class EvaluationSpec:
    """How validation accuracy is measured."""

    batch_size: int = 1000
    flip: bool = False
    """Whether to average the logits over each image and its mirror image."""


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
    model: Part
    epochs: int
    batch_size: int
    optimizer: Part
    schedule: Part
    drop_last: bool = True
    """Whether an epoch leaves out the images that do not fill a batch."""
    augmentation: tuple[Part, ...] = ()
    label_smoothing: float = 0.0
    average: Part | None = None
    precision: Precision = "auto"
    """auto takes the fastest that the device multiplies in hardware; master weights are fp32 in each."""
    compile: bool = False
    """Whether torch.compile makes the forward and backward pass."""
    evaluation: EvaluationSpec = field(default_factory=EvaluationSpec)

    def __post_init__(self) -> None:
        """Refuse what could never train."""
        if not 0 < self.target < 1:
            raise DawnbenchError(f"target={self.target} is not a fraction between 0 and 1, such as 0.94")
        counts = {
            "epochs": self.epochs,
            "batch_size": self.batch_size,
            "trials": self.trials,
            "dataset.image_size": self.dataset.image_size,
            "evaluation.batch_size": self.evaluation.batch_size,
        }
        for name, value in counts.items():
            if value < 1:
                raise DawnbenchError(f"{name}={value} must be at least 1")
        if not 0 <= self.label_smoothing < 1:
            raise DawnbenchError(f"label_smoothing={self.label_smoothing} must be at least 0 and below 1")

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

    def digest(self) -> str:
        """Return the sha256 of all that decides the result; the name and the summary do not."""
        deciding = {
            key: value for key, value in self.to_dict().items() if key not in ("name", "summary", "trials")
        }
        return hashlib.sha256(json.dumps(deciding, sort_keys=True).encode()).hexdigest()


def _to_json(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        plain = {f.name: _to_json(getattr(value, f.name)) for f in fields(value)}
        return {"kind": kind_of(value)} | plain if isinstance(value, Part) else plain
    return [_to_json(item) for item in value] if isinstance(value, tuple) else value


def check_type(hint: Any, value: Any, path: str) -> Any:
    """Return `value` as the annotated type, refusing what only resembles it (a string for a number, say)."""
    try:
        return TypeAdapter(hint).validate_json(json.dumps(value), strict=True)
    except ValidationError as error:
        wanted = error.errors()[0]["msg"].removeprefix("Input should be ")
        raise DawnbenchError(f"{path}={json.dumps(value)} has the wrong type: it must be {wanted}") from error


def from_json(cls: type[Built], data: Any, path: str) -> Built:
    """Build a dataclass from JSON types; `path` leads to it from the recipe."""
    here = f"{path}." if path else ""
    if not isinstance(data, dict):
        raise DawnbenchError(f"{path or 'a recipe'} must be an object with fields, not {json.dumps(data)}")
    hints = get_type_hints(cls)
    names = {f.name for f in fields(cls)}  # type: ignore[arg-type]
    unknown = sorted(set(data) - names - {"kind"})
    if unknown:
        raise DawnbenchError(f"{here}{unknown[0]} is no field of {cls.__name__}")
    values = {name: _field_from_json(hints[name], data[name], here + name) for name in names & set(data)}
    try:
        return cls(**values)
    except TypeError as error:
        raise DawnbenchError(f"{path or 'the recipe'} lacks a field: {error}") from error


def _field_from_json(hint: Any, value: Any, path: str) -> Any:
    if isinstance(value, dict) and "kind" in value:
        spec = spec_of(value["kind"])
        if spec is None:
            raise DawnbenchError(f"{path} is of kind {value['kind']!r}, which nobody registered")
        return from_json(spec, value, path)
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return tuple(_field_from_json(hint, item, f"{path}[{index}]") for index, item in enumerate(value))
    if is_dataclass(hint) and not (isinstance(hint, type) and issubclass(hint, Part)):
        return from_json(hint, value, path)  # type: ignore[arg-type]
    return check_type(hint, value, path)
