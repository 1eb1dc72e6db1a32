"""MLflow: one experiment per recipe, one run per run folder with one child per trial, in SQLite."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from shlex import quote
from typing import Any

from dawnbench.errors import DawnbenchError
from dawnbench.export.trackers.tracker import Leaf, Point, RunFacts, TrialFacts, TrialOutcome, chunks, load
from dawnbench.records.files import one_at_a_time
from dawnbench.records.schema import RunStatus

_STATUS = {
    "finished": "FINISHED",
    "diverged": "FAILED",
    "failed": "FAILED",
    "interrupted": "KILLED",
}
_MOST_METRICS, _MOST_PARAMETERS = 1000, 100
"""MLflow's limit for one batch."""


class Mlflow:
    """Writes <store>/mlflow.db; the steps of telemetry are milliseconds."""

    def __init__(self, store: Path) -> None:
        self._store = store
        if set("?#%") & set(str(store.absolute())):
            raise DawnbenchError(
                f"mlflow takes no path with ?, # or % in it, and {store} has; choose another"
            )
        self._trials: dict[int, str] = {}

    def begin_run(self, run: RunFacts) -> None:
        """Open the database, which takes seconds the first time; remove an older version of the run."""
        os.environ["MLFLOW_DISABLE_TELEMETRY"] = (
            "true"  # otherwise it sends usage statistics over the network
        )
        self._entities = load("mlflow.entities")
        for chatty in ("mlflow", "alembic"):  # the import sets their levels
            logging.getLogger(chatty).setLevel(logging.WARNING)
        self._store.mkdir(parents=True, exist_ok=True)
        # Two processes would both create the tables of the database, and the second one would fail.
        with one_at_a_time(self._store / "mlflow.lock"):
            self._open(run)
        self._run = run
        self._parent = self._begin(run.name, run.began, run.parameters, {})

    def begin_trial(self, trial: TrialFacts) -> None:
        """Begin a child of the run that stands for the run folder."""
        parameters = {**self._run.parameters, "seed": trial.seed}
        within = {"mlflow.parentRunId": self._parent}
        self._trials[trial.number] = self._begin(
            f"{self._run.name}/{trial.name}", trial.began, parameters, within
        )

    def log_epochs(self, trial: TrialFacts, points: Sequence[Point]) -> None:
        """Write metrics by epoch."""
        self._log(self._trials[trial.number], points)

    def end_trial(self, trial: TrialFacts, outcome: TrialOutcome) -> None:
        """Write the result, also to the run that stands for the run folder, with one step per trial."""
        own = self._trials[trial.number]
        for run_id in (own, self._parent):
            self._log(run_id, [outcome.result])
        for key, value in outcome.tags.items():
            self._client.set_tag(own, f"dawnbench.{key}", value)
        self._end(own, outcome.status, outcome.result.at)

    def log_telemetry(self, trial: TrialFacts, points: Sequence[Point]) -> None:
        """Write metrics by milliseconds since the trial began."""
        self._log(self._trials[trial.number], points)

    def finish(self, status: RunStatus, at: float) -> str:
        """End the run that stands for the run folder; say how to look at it."""
        self._end(self._parent, status, at)
        place = f"sqlite:///{self._store / 'mlflow.db'}"
        return f"look at it with `mlflow ui --backend-store-uri {quote(place)}`"

    def _open(self, run: RunFacts) -> None:
        place = f"sqlite:///{self._store.absolute() / 'mlflow.db'}"
        self._client = load("mlflow.tracking").MlflowClient(tracking_uri=place, registry_uri=place)
        found = self._client.get_experiment_by_name(run.project)
        if found is None:
            folder = (self._store.absolute() / "artifacts" / run.project).as_uri()
            self._experiment = self._client.create_experiment(run.project, artifact_location=folder)
        else:
            self._experiment = found.experiment_id
        for older in self._client.search_runs([self._experiment], f"tags.`dawnbench.run` = '{run.key}'"):
            self._client.delete_run(older.info.run_id)

    def _begin(self, name: str, began: float, parameters: Mapping[str, Leaf], tags: Mapping[str, str]) -> str:
        about = {f"dawnbench.{key}": value for key, value in self._run.tags.items()}
        created = self._client.create_run(
            self._experiment,
            start_time=_milliseconds(began),
            run_name=name,
            tags={**self._run.user_tags, **about, "dawnbench.run": self._run.key, **tags},
        )
        own = str(created.info.run_id)
        given = [self._entities.Param(key, str(value)) for key, value in parameters.items()]
        for some in chunks(given, _MOST_PARAMETERS):
            self._client.log_batch(own, params=some)
        return own

    def _log(self, run_id: str, points: Sequence[Point]) -> None:
        metrics: list[Any] = [
            self._entities.Metric(key, value, _milliseconds(point.at), point.step)
            for point in points
            for key, value in point.figures.items()
        ]
        for some in chunks(metrics, _MOST_METRICS):
            self._client.log_batch(run_id, metrics=some)

    def _end(self, run_id: str, status: str, at: float) -> None:
        if status not in ("running", "died"):  # how and when these ended is unknown
            self._client.set_terminated(run_id, _STATUS[status], _milliseconds(at))


def _milliseconds(seconds: float) -> int:
    return round(seconds * 1000)
