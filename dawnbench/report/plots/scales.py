"""Axes that are not linear."""

from __future__ import annotations

from matplotlib.axis import Axis
from matplotlib.ticker import FuncFormatter, Locator, NullLocator


def plain_ticks(axis: Axis, locator: Locator) -> None:
    """Put ticks where the locator says, written without exponents.

    On a logarithmic axis, powers of ten alone would often leave no label.
    """
    axis.set_major_locator(locator)
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
