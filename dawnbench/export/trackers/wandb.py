"""Weights & Biases, offline: one run per trial, grouped by run folder.

An offline store shows nothing before it is synced, so all is kept in memory and written when the run is
over: the service process that wandb starts lives only then, and no trial is timed beside it.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from shlex import quote
from typing import Any

from dawnbench.export.trackers.tracker import Point, RunFacts, TrialFacts, TrialOutcome, load
from dawnbench.records.schema import RunStatus

_QUIET = {
    "mode": "offline",
    "silent": True,
    "console": "off",
    "disable_git": True,
    "disable_code": True,
    "save_code": False,
    "host": "unknown",
    "x_disable_stats": True,
    "x_disable_machine_info": True,
    "x_save_requirements": False,
}
"""No network, no questions, no inspection of the machine: the run folder describes it."""
_LONGEST_TAG = 64
"""Characters; wandb refuses a run with a longer tag."""


@dataclass
class _Trial:
    facts: TrialFacts
    epochs: list[Point] = field(default_factory=list)
    outcome: TrialOutcome | None = None
    telemetry: list[Point] = field(default_factory=list)


class Wandb:
    """Writes <store>/wandb/offline-run-<time of writing>-<id>/, which `wandb sync` can upload."""

    def __init__(self, store: Path) -> None:
        self._store = store
        self._trials: dict[int, _Trial] = {}

    def begin_run(self, run: RunFacts) -> None:
        """Remember it."""
        self._run = run

    def begin_trial(self, trial: TrialFacts) -> None:
        """Remember it."""
        self._trials[trial.number] = _Trial(trial)

    def log_epochs(self, trial: TrialFacts, points: Sequence[Point]) -> None:
        """Remember them."""
        self._trials[trial.number].epochs.extend(points)

    def end_trial(self, trial: TrialFacts, outcome: TrialOutcome) -> None:
        """Remember it."""
        self._trials[trial.number].outcome = outcome

    def log_telemetry(self, trial: TrialFacts, points: Sequence[Point]) -> None:
        """Remember them."""
        self._trials[trial.number].telemetry.extend(points)

    def finish(self, status: RunStatus, at: float) -> str:
        """Write all trials and end the service; say how to upload them."""
        os.environ["WANDB_ERROR_REPORTING"] = "false"
        wandb = load("wandb")
        self._store.mkdir(parents=True, exist_ok=True)
        settings = wandb.Settings(root_dir=str(self._store.absolute()), **_QUIET)
        try:
            for trial in self._trials.values():
                self._write(wandb, settings, trial)
        finally:
            wandb.teardown()
        written = quote(str(self._store / "wandb"))
        return f"upload it, if you wish, with `wandb sync {written}/offline-run-*-{self._run.key}-*`"

    def _write(self, wandb: Any, settings: Any, trial: _Trial) -> None:
        key = f"{self._run.key}-{trial.facts.number}"
        for older in (self._store / "wandb").glob(f"offline-run-*-{key}"):
            shutil.rmtree(older)
        outcome = trial.outcome
        run = wandb.init(
            project=self._run.project,
            id=key,
            name=f"{self._run.name}/{trial.facts.name}",
            group=self._run.name,
            tags=[f"{tag}={value}"[:_LONGEST_TAG] for tag, value in self._run.user_tags.items()],
            config={
                **self._run.parameters,
                "seed": trial.facts.seed,
                "dawnbench": dict(self._run.tags),
                "tags": dict(self._run.user_tags),
            },
            settings=settings,
            reinit="create_new",
        )
        for figures, step in (("train/*", "epoch"), ("validation/*", "epoch"), ("telemetry/*", "seconds")):
            run.define_metric(figures, step_metric=step)
        for point in trial.epochs:
            run.log({**point.figures, "epoch": point.step, "_timestamp": point.at})
        for point in trial.telemetry:
            run.log({**point.figures, "seconds": point.step / 1000, "_timestamp": point.at})
        if outcome is not None:
            run.summary.update({**outcome.result.figures, **outcome.tags, "status": outcome.status})
        run.finish(exit_code=0 if outcome is not None and outcome.status == "finished" else 1)
