"""Follows a run in progress, reading only its folder."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from dawnbench.records.schema import EpochRecord, RunRecord, TrialRecord
from dawnbench.records.tail import Tail
from dawnbench.report.display.display import Display

POLL_SECONDS = 0.5
QUIET_SECONDS = 60.0
"""After which the user is told that nothing was recorded, as if the run had been killed."""


def watch(
    folder: Path,
    display: Display,
    *,
    pause: Callable[[float], None],
    clock: Callable[[], float],
    complain: Callable[[str], None],
) -> None:
    """Pass a run's events to a display as they are recorded, starting with the first, until the run ends.

    `pause` takes seconds and `clock` returns them; `complain` gets a sentence if nothing was recorded for
    longer than three times the run's longest epoch so far.

    Raises:
        DawnbenchError: it is not a run folder, or is damaged.
    """
    with closing(Tail(folder)) as tail:
        shown = _Shown(tail.record(), display, folder)
        quiet_since, longest, told = clock(), QUIET_SECONDS, False
        while True:
            # Read before the lines, so that this round includes everything that the run wrote before its end.
            ended = tail.record().status != "running"
            epochs, trials = tail.epochs(), tail.trials()
            events: list[EpochRecord | TrialRecord] = [*epochs, *trials]
            for event in sorted(events, key=_order):
                shown.show(event)
            if epochs or trials:
                quiet_since, told = clock(), False
                longest = max(
                    longest, *(3 * ((e.train_seconds or 0) + (e.evaluate_seconds or 0)) for e in epochs), 0
                )
            if ended:
                if (stopping := tail.record().stopping) is not None:
                    display.looked(stopping)
                return
            if not told and clock() - quiet_since > longest:
                told = True
                complain(
                    f"nothing was recorded for {clock() - quiet_since:.0f} s; if the run was killed, end "
                    "this with Ctrl+C: what was recorded is kept"
                )
            pause(POLL_SECONDS)


class _Shown:
    """Passes records to a display, with what else it needs."""

    def __init__(self, record: RunRecord, display: Display, folder: Path) -> None:
        self._record, self._display = record, display
        self._epochs = int(record.recipe.get("epochs") or 1)
        self._steps = record.learning_rates[-1][0] + 1 if record.learning_rates else self._epochs
        self._begun: set[int] = set()
        self._epochs_shown: set[tuple[int, int]] = set()
        display.run_started(record, folder, self._steps)

    def show(self, event: EpochRecord | TrialRecord) -> None:
        if event.trial not in self._begun:
            self._begun.add(event.trial)
            self._display.trial_started(event.trial, self._record.seed + event.trial - 1)
        if isinstance(event, EpochRecord):
            if (event.trial, event.epoch) in self._epochs_shown:
                return  # trained again after a resumption
            self._epochs_shown.add((event.trial, event.epoch))
            self._display.step(self._steps * event.epoch // self._epochs)
            self._display.epoch_ended(event)
        else:
            self._display.trial_ended(event)


def _order(event: EpochRecord | TrialRecord) -> tuple[int, int]:
    """Put a trial's epochs before its end."""
    return event.trial, event.epoch if isinstance(event, EpochRecord) else sys.maxsize
