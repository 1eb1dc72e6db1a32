"""A curve kept as the corners of straight lines."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

TOLERANCE = 1e-4
"""As a fraction of the curve's largest value: finer than any plot shows."""


def simplify_polyline(values: Sequence[float]) -> tuple[tuple[int, float], ...]:
    """Return the vertices (index, value) of a polyline within TOLERANCE of all values.

    Uses the method of Douglas and Peucker (1973): a piecewise linear schedule is kept exactly, and a cosine
    of ten thousand steps takes about a hundred vertices.
    """
    y = np.asarray(values, dtype=float)
    if len(y) < 3:
        return tuple((index, float(value)) for index, value in enumerate(y))
    allowed = TOLERANCE * float(np.abs(y).max())
    kept, pending = {0, len(y) - 1}, [(0, len(y) - 1)]
    while pending:
        first, last = pending.pop()
        inner = np.arange(first + 1, last)
        if not len(inner):
            continue
        straight = y[first] + (y[last] - y[first]) * (inner - first) / (last - first)
        off = np.abs(y[inner] - straight)
        if off.max() > allowed:
            vertex = int(inner[off.argmax()])
            kept.add(vertex)
            pending += [(first, vertex), (vertex, last)]
    return tuple((index, float(y[index])) for index in sorted(kept))
