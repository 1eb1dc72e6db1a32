"""A trial's energy by a counter that only grows, and whether it can be right."""

from __future__ import annotations

from dawnbench.telemetry import Sampler
from dawnbench.telemetry.history import Integral

MAX_WATTS = 10_000.0
"""More than one GPU, or all processors of one machine, take (about 1.5 and 4 kW at most today)."""
COUNTER_SECONDS = 0.1
"""Added to a trial's time before the above is asked, since counters move on in steps (NVML's every 0.1 s)."""
MAY_DIFFER = 0.10
"""Between the counter and the integral of power, of the larger one."""
SMOOTHING_SECONDS = 1.0
"""The driver's power is a mean over the last second, so that each of the integral's ends may be off by half
of that times the range of power."""
MIN_READINGS = 20
"""Of power: a second of them. Fewer say nothing of the mean."""


class TrialEnergy:
    """The joules since this object was made; none any more from when the counter loses its count."""

    def __init__(self, sampler: Sampler) -> None:
        self._sampler = sampler
        self._losses = sampler.energy_losses
        self._began = self._last = sampler.energy_joules()
        self._lost: str | None = None
        self.unknown: str | None = None
        """Why the last call of `joules` returned None; None if it returned a value or there is no counter."""

    def joules(self) -> float | None:
        """Return the joules so far; None if they are not known."""
        now, sampler = self._sampler.energy_joules(), self._sampler
        if sampler.energy_losses > self._losses:
            self._lost = f"the counter was reset, or not read for long ({sampler.energy_loss})"
        elif now is not None and self._last is not None and now < self._last:
            self._lost = f"the counter ran backwards, from {self._last:,.1f} J to {now:,.1f} J"
        self.unknown = self._lost
        if self._began is None or now is None or self._lost is not None:
            if self._lost is None and sampler.energy_source is not None:
                self.unknown = "the counter could not be read when the trial began or ended"
            return None
        self._last = now
        return now - self._began


def energy_warning(
    counter: str | None, joules: float | None, seconds: float, metric: str | None, power: Integral | None
) -> str | None:
    """Return what contradicts a trial's energy of `joules` in `seconds`; None where nothing does.

    `power` is the integral of `metric` over the trial, None where its samples do not cover it.
    """
    highest = max(joules or 0.0, power.area if power is not None else 0.0)
    if highest > MAX_WATTS * (seconds + COUNTER_SECONDS):
        watts = highest / max(seconds, COUNTER_SECONDS)
        return (
            f"{highest:,.1f} J in {seconds:.3f} s are a mean power of {watts:,.0f} W, which no "
            "machine takes, so its energy and power are wrong; do not use them"
        )
    if joules is None or power is None or power.readings < MIN_READINGS:
        return None
    off, larger = abs(joules - power.area), max(joules, power.area)
    allowed = MAY_DIFFER * larger + SMOOTHING_SECONDS * (power.peak - power.least)
    if off > allowed or (joules == 0 and power.area > 0):
        return (
            f"the energy is {joules:,.1f} J by the {counter}, but {metric} integrated over the trial gives "
            f"{power.area:,.1f} J: more than {100 * MAY_DIFFER:.0f} % apart, so one of the two is wrong; do "
            "not rely on either"
        )
    return None
