"""A few steps out of the middle of a real training."""

from __future__ import annotations

from contextlib import AbstractContextManager, ExitStack, suppress

from dawnbench.train.device import Device
from dawnbench.train.ledger import Ledger
from dawnbench.train.trainer import EpochResult, Trainer

BEFORE = 1
"""Steps of the trial before the window: the first one makes the optimizer's state."""


class _EnoughError(Exception):
    """Ends a trial once the window is closed."""


def run_window(trainer: Trainer, device: Device, steps: int, around: AbstractContextManager[object]) -> float:
    """Train until `BEFORE` steps are done, then `steps` steps inside `around`; return the seconds of one.

    The trial is the one of a run with seed 0, broken off after the window. The seconds are the device's.
    """
    marks = []
    with ExitStack() as inside:

        def on_step(step: int) -> None:
            if step == BEFORE:
                device.synchronize()
                inside.enter_context(around)
                marks.append(device.mark())
            elif step == BEFORE + steps:
                marks.append(device.mark())
                device.synchronize()
                raise _EnoughError

        def on_epoch(_result: EpochResult) -> None:
            raise AssertionError(f"the epoch ended before {BEFORE + steps} steps")

        with suppress(_EnoughError):
            trainer.trial(0, Ledger(device), on_epoch, on_step)
    return device.elapsed_ns(*marks) / 1e9 / steps
