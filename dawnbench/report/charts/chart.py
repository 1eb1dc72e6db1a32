"""The parts of which charts are made, and the chart of lines over one x axis."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

Color = Literal["blue", "red", "green", "purple", "grey"]
"""By name, since each backend and theme has its own shade; after Okabe and Ito's palette."""
Scale = Literal["linear", "log", "error"]
"""`error` spreads accuracies in percent by the logarithm of what they lack to 100 %."""


@dataclass(frozen=True, slots=True)
class Axis:
    """One axis of a chart."""

    label: str
    unit: str = ""
    """Shown after every value."""
    digits: int = 2
    """Decimals of a value when it is read off."""
    kind: Literal["number", "count", "date"] = "number"
    """A count has ticks at whole numbers only; a date is in seconds since 1970, UTC."""
    from_zero: bool = False
    """Whether the axis starts at zero, however far from it the values lie."""
    scale: Scale = "linear"
    """Pages draw linear axes only."""
    ticks: Sequence[float] = ()
    """Where the ticks are; empty leaves it to the backend."""

    @property
    def title(self) -> str:
        """The label with the unit."""
        return f"{self.label}, {self.unit}" if self.unit else self.label


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a chart."""

    label: str
    x: Sequence[float] | np.ndarray
    """Ascending."""
    y: Sequence[float | None] | np.ndarray
    """As long as `x`; None, or NaN in an array, is a value that is unknown."""
    color: Color = "blue"
    thick: bool = False
    dashed: bool = False
    dots: bool = False
    """Whether each point is drawn."""
    trial: int | None = None
    """The trial whose checkbox shows and hides the line."""
    names: Sequence[str] = ()
    """What to call each point when it is read off; as long as `x`, or empty."""
    key: str = ""
    """Its entry in a printed key, where lines of one key share an entry; empty for none."""
    joined: bool = True
    """Whether the points are joined by a line; thick lines only."""

    def known(self) -> tuple[np.ndarray, np.ndarray]:
        """Return x and y of the points whose value is known."""
        y = np.asarray(self.y, dtype=float)
        is_known = ~np.isnan(y)
        return np.asarray(self.x, dtype=float)[is_known], y[is_known]


@dataclass(frozen=True, slots=True)
class Target:
    """A level to reach, drawn across the chart."""

    y: float
    label: str
    color: Color = "green"


@dataclass(frozen=True, slots=True)
class Point:
    """A point that stands out."""

    x: float
    y: float
    color: Color = "red"
    trial: int | None = None
    label: str = ""
    """Printed beside the point; a printed chart leaves out points without one."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A moment marked on the x axis by a line from top to bottom."""

    x: float
    label: str
    in_key: bool = False
    """Whether a printed chart names it in its key; a page always prints the label above the line."""


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of the x axis that is shaded."""

    start: float
    end: float
    label: str


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value with its interval."""

    label: str
    value: float
    low: float | None
    """None if there is no interval, or none that can be drawn."""
    high: float | None


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
    spans: Sequence[Span] = ()
    note: str = ""
    """A sentence below the title."""
    subject: str = ""
    """What was run on what; the heading of a picture that stands alone."""
    group: str = ""
    """Charts of one group are zoomed together; without one, a chart is zoomed alone."""
    height: int = 280
    """Pixels on a page."""
    shared: bool = False
    """Whether all lines have the same x, and are read off together."""


def finite(value: float | None) -> float | None:
    """Return a value that can be drawn; None for any other."""
    return value if value is not None and math.isfinite(value) else None
