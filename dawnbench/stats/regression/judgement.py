"""What a regression test found: one gate a metric, judged apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Metric = Literal["time", "epochs", "accuracy", "energy"]
Outcome = Literal["holds", "regression", "too fast", "not comparable", "too few trials"]


@dataclass(frozen=True, slots=True)
class Gate:
    """One metric of a run held against the baseline's."""

    metric: Metric
    outcome: Outcome
    sentence: str
    """What was found, in words that a person can repeat."""
    unit: str
    """s, epochs, % or J."""
    measured: float | None
    """The run's mean in that unit; None where there is none."""
    interval: tuple[float, float] | None
    """The mean's bootstrap 95 % interval; None with fewer than two figures."""
    reference: float | None
    """The baseline's mean in that unit."""
    change: float | None
    """Of time, epochs and energy the run's mean over the baseline's, less 1; of accuracy the difference of
    the means in percentage points."""
    p_value: float | None
    """Of the one-sided test that decided."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """A run held against a baseline."""

    run: str
    baseline: str
    recipe_name: str
    device_name: str
    rule: str
    """Whose clock the seconds and joules are by."""
    gates: tuple[Gate, ...]
    """Empty where the two cannot be compared at all."""
    notes: tuple[str, ...]
    """What a reader should know beside the verdict; why nothing could be compared."""

    @property
    def outcome(self) -> Outcome:
        """The worst of the gates: a regression before what could not be judged, before what holds."""
        order: tuple[Outcome, ...] = ("regression", "too fast", "not comparable", "too few trials", "holds")
        found = {gate.outcome for gate in self.gates}
        return next((outcome for outcome in order if outcome in found), "not comparable")

    @property
    def line(self) -> str:
        """The closing line, for `grep '^regress: '`."""
        metrics = [f"{gate.metric} {gate.outcome}" for gate in self.gates]
        why = " ".join(", ".join(metrics or self.notes[:1]).split())
        return f"regress: {self.outcome}" + (f" ({why})" if why else "")
