"""The face that every sensor shows to the sampler."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

Read = Callable[[], Sequence[float | None]]
"""May raise; a value of None means that there is none this time, for example none to difference with."""


@dataclass(frozen=True)
class Probe:
    """One call that delivers one metric or several that come together."""

    units: Mapping[str, str]
    """By metric name, in the order in which `read` returns the values."""
    read: Read


def at_most_every(seconds: float, read: Read) -> Read:
    """Return what calls `read` no more often than that, and holds its answer in between."""
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

    Each probe is called once at opening: one that raises then is never called again, and the reason is kept
    in `unavailable`. A source without probes is the null source of a machine that lacks the sensor.
    """

    energy_name: str | None = None
    """What `energy_joules` reads; None when there is no counter."""
    power_name: str | None = None
    """The metric (in W) whose integral is that energy; None when there is none."""
    energy_losses: int = 0
    """How often the counter is known to have lost its count: no energy can be told across such a time."""
    energy_loss: str = ""
    """What was seen of the last loss."""

    def __init__(self, probes: Sequence[Probe], unavailable: Mapping[str, str] | None = None) -> None:
        self.units: dict[str, str] = {}
        """By name, of the metrics that `read` delivers."""
        self.unavailable: dict[str, str] = dict(unavailable or {})
        """By name, why a metric cannot be read, or could not at some samples."""
        self._probes: list[Probe] = []
        for probe in probes:
            try:
                probe.read()
            except Exception as error:
                self._excuse(probe, "cannot be read", error)
            else:
                self._probes.append(probe)
                self.units.update(probe.units)

    def read(self) -> dict[str, float | None]:
        """Return each metric's value now, in its unit; None where reading fails. Never raises."""
        values: dict[str, float | None] = {}
        for probe in self._probes:
            try:
                values.update(zip(probe.units, probe.read(), strict=True))
            except Exception as error:
                values.update(dict.fromkeys(probe.units))
                self._excuse(probe, "could not be read at some samples", error)
        return values

    def throttle_reasons(self) -> tuple[str, ...]:
        """Return why the device runs below its clocks now; empty when it does not."""
        return ()

    def energy_joules(self) -> float | None:
        """Return a counter that only grows, for the caller to difference; None when there is none."""
        return None

    def close(self) -> None:
        """Let go of what the source holds open; a second call does nothing."""

    def _excuse(self, probe: Probe, verdict: str, error: Exception) -> None:
        why = str(error) or type(error).__name__
        self.unavailable.update({name: f"{name} {verdict}: {why}" for name in probe.units})
