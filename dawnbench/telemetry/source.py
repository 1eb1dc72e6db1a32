"""The interface between sensors and the sampler."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

Read = Callable[[], Sequence[float | None]]
"""May raise; None means no value this time, for example because a difference needs two readings."""


@dataclass(frozen=True)
class Probe:
    """One call that returns one metric or several that belong together."""

    units: Mapping[str, str]
    """By metric name, in the order in which `read` returns the values."""
    read: Read


def at_most_every(seconds: float, read: Read) -> Read:
    """Return a function that calls `read` at most every `seconds` and caches its result in between."""
    held: Sequence[float | None] = ()
    read_at = 0.0

    def answer() -> Sequence[float | None]:
        nonlocal held, read_at
        now = time.monotonic()
        if not held or now - read_at >= seconds:
            held, read_at = (), now
            held = read()
        return held

    return answer


class Source:
    """A group of metrics read together.

    Each probe is called once on opening: if it raises, it is never called again, and `unavailable` gives the
    reason. A source without probes stands for a sensor that the machine lacks.
    """

    energy_name: str | None = None
    """The counter that `energy_joules` reads; None if there is none."""
    power_name: str | None = None
    """The metric (in W) whose integral is that energy; None if there is none."""
    energy_losses: int = 0
    """How often the counter is known to have lost its count: the energy across a loss is unknown."""
    energy_loss: str = ""
    """A description of the last loss."""

    def __init__(self, probes: Sequence[Probe], unavailable: Mapping[str, str] | None = None) -> None:
        self.units: dict[str, str] = {}
        """The units of the metrics that `read` returns, by name."""
        self.unavailable: dict[str, str] = dict(unavailable or {})
        """By name, why a metric cannot be read, or could not be read at some samples."""
        self._probes: list[Probe] = []
        for probe in probes:
            try:
                probe.read()
            except Exception as error:
                self._mark_unavailable(probe, "cannot be read", error)
            else:
                self._probes.append(probe)
                self.units.update(probe.units)

    def read(self) -> dict[str, float | None]:
        """Return each metric's current value, in its unit; None if reading fails. Never raises."""
        values: dict[str, float | None] = {}
        for probe in self._probes:
            try:
                values.update(zip(probe.units, probe.read(), strict=True))
            except Exception as error:
                values.update(dict.fromkeys(probe.units))
                self._mark_unavailable(probe, "could not be read at some samples", error)
        return values

    def throttle_reasons(self) -> tuple[str, ...]:
        """Return why the device is throttled now; empty if it is not."""
        return ()

    def energy_joules(self) -> float | None:
        """Return a monotonic counter, for differences; None if there is none."""
        return None

    def energy_by_device(self) -> dict[str, float]:
        """Return the counters of several devices by rank; empty for one device."""
        return {}

    def close(self) -> None:
        """Release resources; a second call does nothing."""

    def _mark_unavailable(self, probe: Probe, verdict: str, error: Exception) -> None:
        why = str(error) or type(error).__name__
        self.unavailable.update({name: f"{name} {verdict}: {why}" for name in probe.units})
