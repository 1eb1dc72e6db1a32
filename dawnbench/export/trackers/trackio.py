"""Trackio: one project per recipe and one run per trial, in its SQLite files.

Written by its storage class, which its own importers use, and not by `trackio.init`: that keeps threads
going, looks at the network, and gives everything the time of writing.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from shlex import quote

from dawnbench.export.trackers.tracker import Point, RunFacts, TrialFacts, TrialOutcome, load
from dawnbench.records.schema import RunStatus


class Trackio:
    """Writes <store>/<recipe>.db; a trial is `<run folder>/<trial>` there."""

    def __init__(self, store: Path) -> None:
        self._store = store

    def begin_run(self, run: RunFacts) -> None:
        """Import the storage and point it to the store."""
        self._run = run
        folder = self._store.absolute()
        os.environ["TRACKIO_DIR"] = str(folder)
        storage, utils = load("trackio.sqlite_storage"), load("trackio.utils")
        # Both read the variable only on import, and a process may write to more than one store.
        storage.TRACKIO_DIR = utils.TRACKIO_DIR = folder
        self._storage = storage.SQLiteStorage
        folder.mkdir(parents=True, exist_ok=True)

    def begin_trial(self, trial: TrialFacts) -> None:
        """Remove an older version; parameters and tags are written with the first figures."""
        self._storage.delete_run(self._run.project, self._name(trial))
        tags = {f"tags.{key}": value for key, value in self._run.user_tags.items()}
        about = {**self._run.parameters, **self._run.tags, **tags}
        self._config = {**about, "seed": trial.seed, "run": self._run.name}

    def log_epochs(self, trial: TrialFacts, points: Sequence[Point]) -> None:
        """Write metrics by epoch."""
        self._log(trial, points)

    def end_trial(self, trial: TrialFacts, outcome: TrialOutcome) -> None:
        """Write the result at the trial's number, with its tags."""
        self._config |= {"status": outcome.status, **outcome.tags}
        self._log(trial, [outcome.result])

    def log_telemetry(self, trial: TrialFacts, points: Sequence[Point]) -> None:
        """Write system metrics, which Trackio draws over time."""
        self._storage.bulk_log_system(
            self._run.project,
            self._name(trial),
            [dict(point.figures) for point in points],
            timestamps=[_time(point) for point in points],
        )

    def finish(self, status: RunStatus, at: float) -> str:
        """Say how to look at it; everything is written."""
        command = f"TRACKIO_DIR={quote(str(self._store))} trackio show --project {quote(self._run.project)}"
        return f"look at it with `{command}`"

    def _name(self, trial: TrialFacts) -> str:
        return f"{self._run.name}/{trial.name}"

    def _log(self, trial: TrialFacts, points: Sequence[Point]) -> None:
        self._storage.bulk_log(
            self._run.project,
            self._name(trial),
            [dict(point.figures) for point in points],
            steps=[point.step for point in points],
            timestamps=[_time(point) for point in points],
            config=self._config,
        )


def _time(point: Point) -> str:
    return datetime.fromtimestamp(point.at, UTC).isoformat()
