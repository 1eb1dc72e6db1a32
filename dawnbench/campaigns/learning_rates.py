"""A schedule's learning rates for the run record, computed before the first trial."""

from __future__ import annotations

import math

from dawnbench.campaigns.polyline import simplify_polyline
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
