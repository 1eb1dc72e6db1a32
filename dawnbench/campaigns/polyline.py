"""A curve kept as the corners of straight lines."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

TOLERANCE = 1e-4
"""Of the curve's greatest value: finer than any plot shows."""


def simplify_polyline(values: Sequence[float]) -> tuple[tuple[int, float], ...]:
    """Return the (place, value) between which straight lines come as near to all values as TOLERANCE.

    By Douglas and Peucker's method (1973): a schedule of straight lines is kept exactly, and a cosine of ten
    thousand steps in about a hundred corners.
    """
    y = np.asarray(values, dtype=float)
    if len(y) < 3:
        return tuple((place, float(value)) for place, value in enumerate(y))
    allowed = TOLERANCE * float(np.abs(y).max())
    kept, open_stretches = {0, len(y) - 1}, [(0, len(y) - 1)]
    while open_stretches:
        first, last = open_stretches.pop()
        inner = np.arange(first + 1, last)
        if not len(inner):
            continue
        straight = y[first] + (y[last] - y[first]) * (inner - first) / (last - first)
        off = np.abs(y[inner] - straight)
        if off.max() > allowed:
            corner = int(inner[off.argmax()])
            kept.add(corner)
            open_stretches += [(first, corner), (corner, last)]
    return tuple((place, float(y[place])) for place in sorted(kept))
