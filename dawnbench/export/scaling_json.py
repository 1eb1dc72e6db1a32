"""A scaling study as a JSON document."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Literal

from dawnbench.export.gates import as_json
from dawnbench.records.bounds import finite
from dawnbench.records.schema import SCHEMA_VERSION
from dawnbench.report.text.scaling_study import law_sentence
from dawnbench.stats.power_law import AmdahlLaw
from dawnbench.stats.scaling_laws import Axis, AxisStudy, ScalePoint, ScalingStudy


@dataclass(frozen=True, slots=True)
class FittedLaw:
    """The law that the seconds of an epoch follow along an axis; fields of the other kind are null."""

    axis: Axis
    law: Literal["power", "amdahl"] | None
    """None with fewer than two values."""
    sentence: str
    x_middle: float | None = None
    """power: the geometric mean of the places along the axis."""
    y_middle: float | None = None
    """power: the geometric mean of the seconds."""
    exponent: float | None = None
    """power: seconds = y_middle * (x / x_middle) ** exponent."""
    r_squared: float | None = None
    """power: the share of the variance of the logarithms that the law explains, 0 to 1."""
    low: float | None = None
    """power: lower bound of the exponent's 95 % interval; None with fewer than three points."""
    high: float | None = None
    """power: upper bound."""
    alone: float | None = None
    """amdahl: seconds with one thread."""
    serial: float | None = None
    """amdahl: the share of them that more threads do not shorten, 0 to 1."""


@dataclass(frozen=True, slots=True)
class ScalingDocument:
    """What `dawnbench scale --json` prints, and what it writes as scaling.json."""

    kind: Literal["dawnbench scale"]
    schema_version: int
    """Of this document; a reader takes its own version and older ones."""
    recipe_name: str
    device_name: str
    points: tuple[ScalePoint, ...]
    """In the order in which they were measured."""
    laws: tuple[FittedLaw, ...]
    """One per axis that was requested."""


def scaling_json(study: ScalingStudy) -> str:
    """Return the points with their results, and the law of each axis, which scale-v1.json describes."""
    laws = tuple(map(_law, study.axes))
    document = ScalingDocument(
        "dawnbench scale", SCHEMA_VERSION, study.recipe_name, study.device_name, study.points, laws
    )
    return as_json(finite(asdict(document)))


def _law(along: AxisStudy) -> FittedLaw:
    sentence = law_sentence(along)
    if along.law is None:
        return FittedLaw(along.axis, None, sentence)
    return FittedLaw(
        along.axis, "amdahl" if isinstance(along.law, AmdahlLaw) else "power", sentence, **asdict(along.law)
    )
