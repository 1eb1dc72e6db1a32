"""A run told to experiment trackers while it goes on, without a second of theirs on its clock.

An epoch ends within the ledger's `record` segment, which no rule but `cold` counts. Trackers are told there
at most every `HAND_OVER_SECONDS`, and so seldom that they take no more than a hundredth of the time; all else
waits for the trial's end, which lies outside every segment. A tracker that fails is dropped, the run goes on.
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
"""Of the time of a trial that may go into telling its epochs."""

Call = Callable[[Tracker], object]


class TrackingObserver:
    """Hears of a run's events, hands them on to a display at once and to trackers when that disturbs nothing.

    `clock` gives seconds since 1970.
    """

    def __init__(
        self, display: Display, trackers: dict[str, Tracker], clock: Callable[[], float] = time.time
    ) -> None:
        """Take the trackers by their names."""
        self._display, self._trackers, self._clock = display, trackers, clock
        self.loading, self.preparing = display.loading, display.preparing
        self.noted, self.step = display.noted, display.step
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
        """Tell that a trial begins."""
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
        """Hand over the rest of the trial's epochs and what it came to."""
        self._display.trial_ended(record)
        facts = self._trials[-1]
        outcome = trial_outcome(record, facts.began + (record.wall_seconds or 0))
        self._hand_over()
        self._tell(lambda tracker: tracker.end_trial(facts, outcome))

    def finish(self) -> list[str]:
        """Tell the telemetry and the end of the run, whose files are closed; return what each says."""
        if self._folder is None:
            return []
        run, ended = read_run(self._folder), self._clock()
        self._tell(lambda tracker: tell_telemetry(run, tracker, self._trials))
        said = self._tell(lambda tracker: tracker.finish(run.record.status, ended))
        return [f"{name}: {how}" for name, how in said.items()]

    def _hand_over(self) -> None:
        points = [epoch_point(record, at) for record, at in self._epochs]
        self._epochs.clear()
        if points:
            self._tell(lambda tracker: tracker.log_epochs(self._trials[-1], points))

    def _tell(self, call: Call) -> dict[str, object]:
        """Return by name what each tracker that is still there returned."""
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
        f"warning: {name} is dropped and the run goes on ({brief(error)}); "
        f"`dawnbench export {folder} --format {name}` tells it all when the run is over"
    )


def open_trackers(names: Sequence[str], out: Path) -> dict[str, Tracker]:
    """Return trackers, each once, that keep the runs of the folder `out`.

    Raises:
        DawnbenchError: a name is that of no tracker, or its package is not installed.
    """
    return {name: open_tracker(name, default_store(out, name)) for name in names}
