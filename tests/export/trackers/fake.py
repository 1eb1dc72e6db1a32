"""A tracker that remembers what it was told."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from dawnbench.export.trackers.tracker import Point, RunFacts, TrialFacts, TrialOutcome


class FakeTracker:
    """Keeps each call as (name, what); `on_call` may take its time or raise."""

    def __init__(self, on_call: Callable[[str], None] = lambda name: None) -> None:
        self.calls: list[tuple[str, Any]] = []
        self._on_call = on_call

    def names(self) -> list[str]:
        return [name for name, _ in self.calls]

    def begin_run(self, run: RunFacts) -> None:
        self._keep("begin_run", run)

    def begin_trial(self, trial: TrialFacts) -> None:
        self._keep("begin_trial", trial)

    def log_epochs(self, trial: TrialFacts, points: Sequence[Point]) -> None:
        self._keep("log_epochs", [(trial.number, point.step, point.at) for point in points])

    def end_trial(self, trial: TrialFacts, outcome: TrialOutcome) -> None:
        self._keep("end_trial", (trial.number, outcome.status))

    def log_telemetry(self, trial: TrialFacts, points: Sequence[Point]) -> None:
        self._keep("log_telemetry", (trial.number, len(points)))

    def finish(self, status: str, at: float) -> str:
        self._keep("finish", status)
        return "look"

    def _keep(self, name: str, what: Any) -> None:
        self.calls.append((name, what))
        self._on_call(name)
