"""A trial's energy from a monotonic counter, and a check of its plausibility."""

from __future__ import annotations

from dawnbench.telemetry import Sampler
from dawnbench.telemetry.history import Integral

MAX_WATTS = 10_000.0
"""More than one GPU, or all processors of one machine, can draw (at most about 1.5 and 4 kW today)."""
COUNTER_SECONDS = 0.1
"""Added to a trial's time for this check, since counters advance in steps (NVML's every 0.1 s)."""
MAX_DIFFERENCE = 0.10
"""Between the counter and the integral of power, as a fraction of the larger."""
SMOOTHING_SECONDS = 1.0
"""The driver reports power averaged over the last second, so each end of the integral may be off by half of
that times the range of power."""
MIN_READINGS = 20
"""Power readings, one second of them. Fewer say nothing about the mean."""


class TrialEnergy:
    """The joules since this object was created; unknown once the counter has lost its count."""

    def __init__(self, sampler: Sampler) -> None:
        self._sampler = sampler
        self._losses = sampler.energy_losses
        self._start = self._last = sampler.energy_joules()
        self._starts = sampler.energy_by_device()
        self._lost: str | None = None
        self.unknown: str | None = None
        """Why the last call of `joules` returned None; None if it returned a value or there is no counter."""

    def joules(self) -> float | None:
        """Return the joules so far; None if they are not known."""
        now, sampler = self._sampler.energy_joules(), self._sampler
        if sampler.energy_losses > self._losses:
            self._lost = f"the counter was reset, or not read for too long ({sampler.energy_loss})"
        elif now is not None and self._last is not None and now < self._last:
            self._lost = f"the counter went backwards, from {self._last:,.1f} J to {now:,.1f} J"
        self.unknown = self._lost
        if self._start is None or now is None or self._lost is not None:
            if self._lost is None and sampler.energy_source is not None:
                self.unknown = "the counter could not be read when the trial started or ended"
            return None
        self._last = now
        return now - self._start

    def by_device(self) -> dict[str, float]:
        """Return the joules so far of each of several GPUs, as far as they are known."""
        now = self._sampler.energy_by_device()
        return {rank: now[rank] - start for rank, start in self._starts.items() if now.get(rank, 0) >= start}


def energy_warning(
    counter: str | None, joules: float | None, seconds: float, metric: str | None, power: Integral | None
) -> str | None:
    """Return what contradicts a trial's energy of `joules` in `seconds`; None if nothing does.

    `power` is the integral of `metric` over the trial, None if its samples do not cover the trial.
    """
    highest = max(joules or 0.0, power.area if power is not None else 0.0)
    if highest > MAX_WATTS * (seconds + COUNTER_SECONDS):
        watts = highest / max(seconds, COUNTER_SECONDS)
        return (
            f"{highest:,.1f} J in {seconds:.3f} s is a mean power of {watts:,.0f} W, more than any "
            "machine draws, so the energy and power are wrong; do not use them"
        )
    if joules is None or power is None or power.readings < MIN_READINGS:
        return None
    off, larger = abs(joules - power.area), max(joules, power.area)
    allowed = MAX_DIFFERENCE * larger + SMOOTHING_SECONDS * (power.peak - power.lowest)
    if off > allowed or (joules == 0 and power.area > 0):
        return (
            f"the energy is {joules:,.1f} J by the {counter}, but {metric} integrated over the trial gives "
            f"{power.area:,.1f} J: more than {100 * MAX_DIFFERENCE:.0f} % apart, so one of the two is wrong; "
            "do not rely on either"
        )
    return None
