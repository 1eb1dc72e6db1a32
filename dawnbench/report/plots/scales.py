"""Axes that are not linear."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.ticker import FixedLocator, FuncFormatter, Locator, NullLocator

_BELOW_99 = (0, 20, 40, 60, 70, 80, 90, 95, 97, 98)
ERROR_TICKS = (*_BELOW_99, 99, 99.3, 99.5, 99.7, 99.8, 99.9, 99.95, 99.97, 99.98, 99.99)
"""Accuracies in percent that an axis by the error names."""


def plain_ticks(axis: Axis, locator: Locator) -> None:
    """Put ticks where the locator says, written without exponents.

    On a logarithmic axis, powers of ten alone would often leave no label.
    """
    axis.set_major_locator(locator)
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))


def error_axis(axes: Axes, values: Sequence[float]) -> None:
    """Show accuracies in percent on y by the logarithm of the error, with all of some values in sight."""
    smallest = min((100 - value for value in values if value < 100), default=100.0)
    largest = max(100 - value for value in values)
    # No error at all would lie at infinity; it is drawn a little beyond the smallest that there is.
    is_perfect = max(values) >= 100
    floor = smallest / (1.5 if is_perfect else 1.15)
    top = 100.0 if is_perfect else 100 - floor

    def height(accuracy: Any) -> Any:
        return -np.log10(np.maximum(100 - np.asarray(accuracy), floor))

    axes.set_yscale("function", functions=(height, lambda y: 100 - 10.0**-y))
    axes.set_ylim(100 - 1.1 * largest, top)
    named = [tick for tick in ERROR_TICKS if 100 - largest <= tick <= 100 - smallest]
    plain_ticks(axes.yaxis, FixedLocator([*named, 100] if is_perfect else named))
