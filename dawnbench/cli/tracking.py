"""Logs a run to experiment trackers while it goes on, without putting their time on its clock.

An epoch ends within the ledger's `record` segment, which only the `cold` rule counts. There trackers get data
at most every `HAND_OVER_SECONDS`, and so rarely that they take at most a hundredth of the time; everything
else waits for the trial's end, outside every segment. A tracker that fails is dropped, and the run goes on.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import click

from dawnbench.export.trackers import brief, default_store, open_tracker
from dawnbench.export.trackers.metrics import epoch_point, run_facts, trial_facts, trial_outcome
from dawnbench.export.trackers.playback import tell_telemetry
from dawnbench.export.trackers.tracker import Tracker, TrialFacts
from dawnbench.records.reader import read_run
from dawnbench.records.schema import EpochRecord, RunRecord, TrialRecord
from dawnbench.report.display.display import Display
from dawnbench.safe_text import one_line

HAND_OVER_SECONDS = 10.0
MAX_SHARE = 0.01
"""Of a trial's time that may be spent on logging its epochs."""

Call = Callable[[Tracker], object]


class TrackingObserver:
    """Passes a run's events to a display at once, and to trackers when that disturbs nothing.

    `clock` returns seconds since 1970.
    """

    def __init__(
        self, display: Display, trackers: dict[str, Tracker], clock: Callable[[], float] = time.time
    ) -> None:
        """Take trackers by name."""
        self._display, self._trackers, self._clock = display, trackers, clock
        self.loading, self.preparing = display.loading, display.preparing
        self.noted, self.step, self.looked = display.noted, display.step, display.looked
        self._folder: Path | None = None
        self._trials: list[TrialFacts] = []
        self._epochs: list[tuple[EpochRecord, float]] = []
        self._next = 0.0

    def run_started(self, record: RunRecord, folder: Path, steps: int) -> None:
        """Open the stores; their libraries are imported now, between two segments."""
        self._display.run_started(record, folder, steps)
        self._folder, self._of = folder, record.trials
        facts = run_facts(record, folder.name)
        self._tell(lambda tracker: tracker.begin_run(facts))

    def trial_started(self, trial: int, seed: int) -> None:
        """Report that a trial starts."""
        self._display.trial_started(trial, seed)
        facts = trial_facts(trial, seed, self._clock(), self._of)
        self._trials.append(facts)
        self._tell(lambda tracker: tracker.begin_trial(facts))
        self._next = self._clock() + HAND_OVER_SECONDS

    def epoch_ended(self, record: EpochRecord) -> None:
        """Keep the epoch, and hand over what was kept if that is due."""
        self._display.epoch_ended(record)
        now = self._clock()
        self._epochs.append((record, now))
        if now >= self._next:
            self._hand_over()
            spent = self._clock() - now
            self._next = now + spent + max(HAND_OVER_SECONDS, spent / MAX_SHARE)

    def trial_ended(self, record: TrialRecord) -> None:
        """Hand over the rest of the trial's epochs and its outcome."""
        self._display.trial_ended(record)
        facts = self._trials[-1]
        outcome = trial_outcome(record, facts.began + (record.wall_seconds or 0))
        self._hand_over()
        self._tell(lambda tracker: tracker.end_trial(facts, outcome))

    def finish(self) -> list[str]:
        """Log the telemetry and the end of the run, whose files are closed; return each tracker's message."""
        if self._folder is None:
            return []
        run, ended = read_run(self._folder), self._clock()
        self._tell(lambda tracker: tell_telemetry(run, tracker, self._trials))
        messages = self._tell(lambda tracker: tracker.finish(run.record.status, ended))
        return [f"{name}: {message}" for name, message in messages.items()]

    def _hand_over(self) -> None:
        points = [epoch_point(record, at) for record, at in self._epochs]
        self._epochs.clear()
        if points:
            self._tell(lambda tracker: tracker.log_epochs(self._trials[-1], points))

    def _tell(self, call: Call) -> dict[str, object]:
        """Call each remaining tracker and return the results by name."""
        returned = {}
        for name, tracker in tuple(self._trackers.items()):
            try:
                returned[name] = call(tracker)
            except Exception as error:
                del self._trackers[name]
                click.echo(f"dawnbench: {one_line(_dropped(name, error, self._folder))}", file=sys.stderr)
        return returned


def _dropped(name: str, error: Exception, folder: Path | None) -> str:
    return (
        f"warning: {name} was dropped and the run goes on ({brief(error)}); "
        f"when it has ended, `dawnbench export {folder} --format {name}` logs all of it"
    )


def open_trackers(names: Sequence[str], out: Path) -> dict[str, Tracker]:
    """Return the named trackers, each once, for the runs in the folder `out`.

    Raises:
        DawnbenchError: a name is not a known tracker, or its package is not installed.
    """
    return {name: open_tracker(name, default_store(out, name)) for name in names}
