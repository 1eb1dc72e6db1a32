"""What a regression test found: one gate per metric, judged separately."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Metric = Literal["time", "epochs", "accuracy", "energy"]
Outcome = Literal["holds", "regression", "too fast", "not comparable", "too few trials"]


@dataclass(frozen=True, slots=True)
class Gate:
    """One metric of a run compared with the baseline's."""

    metric: Metric
    outcome: Outcome
    sentence: str
    """What was found, in plain words."""
    unit: str
    """s, epochs, % or J; of an inference run ms or mJ of one image."""
    measured: float | None
    """The run's mean in that unit; None if there is none."""
    interval: tuple[float, float] | None
    """The mean's 95 % interval; None with fewer than two values."""
    reference: float | None
    """The baseline's mean in that unit."""
    change: float | None
    """For time, epochs and energy the run's mean over the baseline's, minus 1; for accuracy the difference of
    the means in percentage points."""
    p_value: float | None
    """Of the one-sided test that decided."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """A run compared with a baseline."""

    run: str
    baseline: str
    recipe_name: str
    device_name: str
    rule: str
    """The timing rule for the seconds and joules."""
    gates: tuple[Gate, ...]
    """Empty if the two cannot be compared at all."""
    notes: tuple[str, ...]
    """What a reader should know besides the verdict, or why nothing could be compared."""

    @property
    def outcome(self) -> Outcome:
        """The worst of the gates: a regression, then a gate that could not be judged, then one that holds."""
        order: tuple[Outcome, ...] = ("regression", "too fast", "not comparable", "too few trials", "holds")
        found = {gate.outcome for gate in self.gates}
        return next((outcome for outcome in order if outcome in found), "not comparable")

    @property
    def line(self) -> str:
        """The closing line, for `grep '^regress: '`."""
        metrics = [f"{gate.metric} {gate.outcome}" for gate in self.gates]
        why = " ".join(", ".join(metrics or self.notes[:1]).split())
        return f"regress: {self.outcome}" + (f" ({why})" if why else "")
