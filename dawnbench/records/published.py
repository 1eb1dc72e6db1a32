"""Published times to a target, and latencies of models that reach it, each with its source."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, TypeAdapter, ValidationError

from dawnbench.errors import DawnbenchError
from dawnbench.records.reader import damaged, read_versioned
from dawnbench.records.rules import RULES_BY_NAME
from dawnbench.records.schema import DataRecord

CIFAR10_SIZES = (50_000, 10_000, (32, 32, 3), 10)
"""Training and test images, their height, width and channels, and the classes."""
CIFAR10_FINGERPRINT = "8f34605086e8333aec910a3b9520b2b44531d32b2c391b8d2fcbc6772ec977be"
"""Of the copy with which the results in docs/results/ were measured; the same images in another order have
another one."""

KIND = "dawnbench published"


def _known(rule: str) -> str:
    if rule not in RULES_BY_NAME:
        raise ValueError(f"there is no timing rule {rule}; the rules are {', '.join(RULES_BY_NAME)}")
    return rule


Fraction = Annotated[float, Field(gt=0, le=1)]
Count = Annotated[int, Field(gt=0)]
Finite = Annotated[float, Field(gt=0, allow_inf_nan=False)]


@dataclass(frozen=True, slots=True)
class PublishedFigure:
    """One published time to a target, or latency of a model that reaches it."""

    system: str
    """What the source calls the model or the script."""
    team: str
    """The group behind it, in a word or two."""
    author: str
    device: str
    """The accelerator's model."""
    devices: Count
    hardware: str
    """As the source describes it."""
    dataset: Literal["CIFAR-10"]
    seconds: Finite
    """Of a single trial, or the mean over the trials; under the rule `inference`, the mean of one image."""
    rule: Annotated[str, AfterValidator(_known)]
    """The timing rule here that is closest to the source's clock; `note` says how they differ."""
    target: Fraction
    """Top-1 accuracy to reach."""
    accuracy: Fraction
    """Of a single trial at that epoch, or the mean over the trials; of an inference entry, of its model."""
    trials: Count | None
    """None if the source does not say how many."""
    published: date | None
    """The date; None if the source does not say."""
    dollars_per_hour: Finite | None
    """For the whole machine, according to the source; None if it gives no price. An inference entry gives the
    cost of an image, which is divided by its latency."""
    source: str
    """Address of the page or file."""
    source_says: str
    """What the source states."""
    note: str | None
    """What a reader should know, such as what could not be checked at the source."""


_FIGURES = TypeAdapter(tuple[PublishedFigure, ...])


def is_cifar10(data: DataRecord) -> bool:
    """Return whether a run's data is CIFAR-10: it has the official sizes, and its name or fingerprint.

    The sizes alone do not tell, since `synthetic` has them too. The name may be spelled in any way and be
    part of a path, such as `data/CIFAR-10/images`.
    """
    sizes = (data.train_images, data.validation_images, tuple(data.image_shape), data.classes)
    letters = "".join(letter for letter in data.source.lower() if letter.isalnum())
    named = "cifar10" in letters or data.fingerprint == CIFAR10_FINGERPRINT
    return sizes == CIFAR10_SIZES and named


def read_published(folder: Path | None = None) -> tuple[PublishedFigure, ...]:
    """Return the published times in all files of a folder, by default those that come with dawnbench.

    Raises:
        DawnbenchError: there is no such file, or one cannot be read, is something else, is damaged or newer.
    """
    folder = folder or published_folder()
    paths = sorted(folder.glob("*.json"))
    if not paths:
        raise DawnbenchError(f"no published times in {folder}; reinstall dawnbench")
    return tuple(time for path in paths for time in _read(path))


def published_folder() -> Path:
    """Return the folder of the published times: in the installed package, or in a source checkout."""
    package = Path(str(files("dawnbench")))
    installed = package / "published"
    return installed if installed.is_dir() else package.parent / "baselines" / "published"


def _read(path: Path) -> tuple[PublishedFigure, ...]:
    content = read_versioned(path, f"cannot read the published times {path}")
    if content.get("kind") != KIND:
        raise DawnbenchError(f"{path} holds no published times; its kind is not {KIND!r}")
    try:
        return _FIGURES.validate_python(content.get("figures"))
    except ValidationError as error:
        raise damaged(path, error) from error
