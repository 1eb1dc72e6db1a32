"""Times to a target that others have published, each with its source."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from importlib.resources import files
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, TypeAdapter, ValidationError

from dawnbench.errors import DawnbenchError
from dawnbench.records.reader import damaged, read_versioned
from dawnbench.records.rules import RULES_BY_NAME

KIND = "dawnbench published"


def _known(rule: str) -> str:
    if rule not in RULES_BY_NAME:
        raise ValueError(f"there is no rule {rule}; the rules are {', '.join(RULES_BY_NAME)}")
    return rule


Fraction = Annotated[float, Field(gt=0, le=1)]
Count = Annotated[int, Field(gt=0)]
Finite = Annotated[float, Field(gt=0, allow_inf_nan=False)]


@dataclass(frozen=True, slots=True)
class PublishedFigure:
    """One published time to a target."""

    system: str
    """What the source calls the model or the script."""
    team: str
    """Whose it is, in a word or two."""
    author: str
    device: str
    """The accelerator's model."""
    devices: Count
    hardware: str
    """As the source describes it."""
    dataset: str
    seconds: Finite
    """Of the one trial there is, or the mean over the trials."""
    rule: Annotated[str, AfterValidator(_known)]
    """The timing rule of ours that comes nearest to the source's clock; `note` says where they differ."""
    target: Fraction
    """Top-1 accuracy to reach."""
    accuracy: Fraction
    """Of the one trial at its epoch, or the mean over the trials."""
    trials: Count | None
    """None where the source does not say how many."""
    published: date | None
    """When; None where the source does not say."""
    dollars_per_hour: Finite | None
    """Of the whole machine, by the source; None where it gives no price."""
    source: str
    """Address of the page or file."""
    source_says: str
    """What stands there."""
    note: str | None
    """What a reader should know, such as what could not be checked at the source."""


_FIGURES = TypeAdapter(tuple[PublishedFigure, ...])


def read_published(folder: Path | None = None) -> tuple[PublishedFigure, ...]:
    """Return the figures of all files in a folder, by default those that come with dawnbench.

    Raises:
        DawnbenchError: there is no such file, or one cannot be read, is something else, damaged or newer.
    """
    folder = folder or published_folder()
    paths = sorted(folder.glob("*.json"))
    if not paths:
        raise DawnbenchError(f"no published figures in {folder}; install dawnbench anew")
    return tuple(figure for path in paths for figure in _read(path))


def published_folder() -> Path:
    """Return where the figures lie: inside an installed package, or beside that of a source checkout."""
    package = Path(str(files("dawnbench")))
    installed = package / "published"
    return installed if installed.is_dir() else package.parent / "baselines" / "published"


def _read(path: Path) -> tuple[PublishedFigure, ...]:
    content = read_versioned(path, f"cannot read the published figures {path}")
    if content.get("kind") != KIND:
        raise DawnbenchError(f"{path} holds no published figures; its kind is not {KIND!r}")
    try:
        return _FIGURES.validate_python(content.get("figures"))
    except ValidationError as error:
        raise damaged(path, error) from error
