"""Lets SIGTERM and SIGHUP end a run as Ctrl-C does: what was recorded is kept, and the end is noted."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from dawnbench.cli.exit_codes import INTERRUPTED
from dawnbench.errors import DawnbenchError
from dawnbench.grace import interrupt

MEANT_TO_STOP = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)
PATIENCE = 3
"""How many signals it takes to end at once, without finishing up."""


@contextmanager
def stopping_like_ctrl_c() -> Iterator[None]:
    """Turn the first signal that should stop the block into a KeyboardInterrupt that names the reason.

    A second signal changes nothing, so that the trial's record, the status and log.md are still written; a
    third one ends the process at once. A trial with checkpoints is interrupted after its current step
    (`dawnbench.grace`). The exit status is 130 in all cases. A signal that is ignored on
    entry, such as SIGHUP under `nohup`, stays ignored. Outside the main thread nothing changes.
    """
    received: list[int] = []
    failed = False

    def stop(number: int, _frame: FrameType | None) -> None:
        received.append(number)
        if len(received) >= PATIENCE:
            os._exit(INTERRUPTED)
        if len(received) == 1:
            # Without a message it is Ctrl-C.
            interrupt(*_reason(number))

    before: dict[int, Any] = {}
    if threading.current_thread() is threading.main_thread():
        for number in MEANT_TO_STOP:
            # None means a handler not set by Python, which could not be restored.
            if signal.getsignal(number) not in (signal.SIG_IGN, None):
                before[number] = signal.signal(number, stop)
    try:
        yield
    except Exception:
        failed = True
        raise
    except KeyboardInterrupt as interrupted:
        # torchrun stops all ranks when one of them has ended, while another one is still telling that it
        # lost it.
        failure = _interrupted_failure(interrupted)
        if failure is not None:
            raise failure from None
        raise
    finally:
        for number, handler in before.items():
            # Another signal while Python shuts down would end the process with a different status, or before
            # it has said what failed.
            signal.signal(number, signal.SIG_IGN if received or failed else handler)


def _interrupted_failure(interrupted: KeyboardInterrupt) -> DawnbenchError | None:
    """Return the failure that was being handled, perhaps in several layers, when the signal came."""
    handled = interrupted.__context__
    while handled is not None and not isinstance(handled, DawnbenchError):
        handled = handled.__context__
    return handled


def _reason(number: int) -> tuple[str, ...]:
    return () if number == signal.SIGINT else (f"interrupted by {signal.Signals(number).name}",)
