"""A schedule's learning rates for the run record, computed before the first trial."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from dawnbench.errors import DawnbenchError
from dawnbench.optim.schedules import Schedule

MAX_RATES = 100_000
"""The number of rates computed; in a longer trial they are spaced evenly."""


def learning_rates(schedule: Schedule, epochs: int, steps_per_epoch: int) -> tuple[tuple[int, float], ...]:
    """Return the schedule as the vertices of a polyline: (step counted from 0, rate).

    The result is empty if the rates depend on what happens in training.

    Raises:
        DawnbenchError: a rate is not a finite number.
    """
    if not schedule.is_precomputable:
        return ()
    total = epochs * steps_per_epoch
    count = min(total, MAX_RATES)
    steps = [i * (total - 1) // max(1, count - 1) for i in range(count)]
    rates = [schedule(step / steps_per_epoch) for step in steps]
    for step, rate in zip(steps, rates, strict=True):
        if not math.isfinite(rate):
            raise DawnbenchError(
                f"the schedule gives a learning rate of {rate} at step {step} (epoch "
                f"{step / steps_per_epoch:g}); every rate must be a finite number"
            )
    return tuple((steps[place], rate) for place, rate in simplify_polyline(rates))


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
