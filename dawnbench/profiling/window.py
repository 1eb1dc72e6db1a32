"""Runs a few steps of a real trial."""

from __future__ import annotations

from contextlib import AbstractContextManager

from dawnbench.engine.ledger import Ledger
from dawnbench.engine.prepare import Prepared
from dawnbench.engine.trial import Trial

BEFORE = 1
"""Steps of the trial before the window: the first one creates the optimizer's state."""


def run_window(prepared: Prepared, steps: int, around: AbstractContextManager[object]) -> float:
    """Train `BEFORE` steps, then `steps` steps inside `around`; return the seconds per step.

    The trial is that of a run with seed 0. The time is device time.
    """
    device = prepared.device
    trial = Trial(prepared, 0, Ledger(device))
    trial.begin_epoch()
    for _ in range(BEFORE):
        trial.train_step()
    device.synchronize()
    with around:
        start = device.mark()
        for _ in range(steps):
            trial.train_step()
        end = device.mark()
        device.synchronize()
    return device.elapsed_ns(start, end) / 1e9 / steps
