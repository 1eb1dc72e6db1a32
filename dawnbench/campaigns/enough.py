"""Asks after each trial of a run, or pair of a campaign, whether `--trials auto` has had enough of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Literal

from dawnbench.campaigns.recording import Recording
from dawnbench.stats.sequential import AutoTrials
from dawnbench.stats.stopping import after_trial, begin_stopping


class Enough:
    """A stopping rule at work.

    `clock` returns seconds; the minutes of the rule count from here on, so that preparation is included.

    Raises:
        DawnbenchError: the rule could not settle anything.
    """

    def __init__(
        self, auto: AutoTrials, kind: Literal["run", "ab"], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._clock, self._began = clock, clock()
        self.stopping = begin_stopping(auto, kind)

    def after(self, sessions: Sequence[Recording], done: int) -> bool:
        """Look at the trials after the `done`th of each session, record what is new, and return if it ends.

        Raises:
            DawnbenchError: the disk refuses the record.
        """
        minutes = (self._clock() - self._began) / 60
        before = self.stopping
        self.stopping = after_trial(before, [one.trial_set() for one in sessions], done, minutes)
        if self.stopping != before:
            for session in sessions:
                session.note_stopping(self.stopping, done)
        return self.stopping.ended is not None
