"""What a chart shows, as data for the page's scripts."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, Literal

from markupsafe import Markup

Color = Literal["blue", "red", "green", "purple", "grey"]
"""By name, since each theme has its own shade; after Okabe and Ito's palette for colour-blind readers."""


@dataclass(frozen=True, slots=True)
class Axis:
    """One axis of a chart."""

    label: str
    unit: str = ""
    """Put behind every value."""
    digits: int = 2
    """Decimals of a value as read off."""
    kind: Literal["number", "count", "date"] = "number"
    """A count has ticks at whole numbers only; a date is in seconds since 1970, UTC."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a chart."""

    label: str
    x: Sequence[float]
    """Ascending."""
    y: Sequence[float | None]
    """As long as `x`; None is a point that is not known."""
    color: Color = "blue"
    thick: bool = False
    dashed: bool = False
    dots: bool = False
    """Whether each point is drawn."""
    trial: int | None = None
    """The trial whose checkbox shows and hides the line."""
    names: Sequence[str] = ()
    """What to call each point when it is read off; as long as `x`, or empty."""


@dataclass(frozen=True, slots=True)
class Target:
    """A level to reach, drawn across the chart."""

    y: float
    label: str


@dataclass(frozen=True, slots=True)
class Point:
    """A point that stands out."""

    x: float
    y: float
    color: Color = "red"
    trial: int | None = None


@dataclass(frozen=True, slots=True)
class Mark:
    """A moment marked on the x axis by a line from top to bottom."""

    x: float
    label: str


@dataclass(frozen=True, slots=True)
class Shade:
    """A stretch of the x axis that is shaded."""

    start: float
    end: float
    label: str


@dataclass(frozen=True, slots=True)
class Chart:
    """Lines over one x axis."""

    title: str
    x: Axis
    y: Axis
    lines: Sequence[Line]
    """At least one."""
    targets: Sequence[Target] = ()
    points: Sequence[Point] = ()
    marks: Sequence[Mark] = ()
    shades: Sequence[Shade] = ()
    note: str = ""
    """A sentence below the title."""
    group: str = ""
    """Charts of one group are zoomed together; without one, a chart is zoomed alone."""
    height: int = 280
    """Pixels."""


def chart_json(chart: Chart) -> Markup:
    """Return a chart as JSON that may stand within a script element."""
    return script_json({key: value for key, value in _shallow(chart).items() if key != "note"})


def script_json(data: Any) -> Markup:
    """Return JSON in which nothing ends a script element or begins another; non-ASCII is escaped as well.

    Raises:
        ValueError: a figure is not finite.
    """
    text = json.dumps(data, separators=(",", ":"), allow_nan=False, default=_shallow)
    for special in "<>&":
        text = text.replace(special, f"\\u{ord(special):04x}")
    return Markup(text)


def _shallow(data: Any) -> dict[str, Any]:
    """Return a dataclass's fields as they are; `asdict` would copy every point of every line."""
    return {field.name: getattr(data, field.name) for field in fields(data)}
