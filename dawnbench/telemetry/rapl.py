"""The energy of the processor packages, from the kernel's RAPL counters.

Their files and units are documented in the kernel's Documentation/power/powercap/powercap.rst.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

from dawnbench.telemetry.source import Probe, Source

_POWERCAP = Path("/sys/class/powercap")

MAX_PACKAGE_WATTS = 2000.0
"""Four times the specification of the largest packages (500 W: AMD EPYC 9965, Intel Xeon 6980P), to allow for
short peaks. A step of more power means that the counter was reset, not that it wrapped."""
COUNTER_SECONDS = 0.1
"""Added to the time between two readings, since the hardware updates the counter in steps (about 1 ms)."""


class PackageCounter:
    """One package's energy, accumulated across wrap-arounds of the hardware counter.

    It must be read about every two minutes, before a package at MAX_PACKAGE_WATTS could wrap unnoticed. If a
    step is implausible the count is lost: `losses` counts these events, and `loss` describes the last.
    """

    def __init__(self, folder: Path, clock_ns: Callable[[], int] = time.perf_counter_ns) -> None:
        self._path = folder / "energy_uj"
        self._clock_ns = clock_ns
        self._range = int((folder / "max_energy_range_uj").read_text())
        self._last, self._read_ns = int(self._path.read_text()), clock_ns()
        self._total = 0
        self.losses = 0
        self.loss = ""

    def joules(self) -> float:
        """Return the energy since creation, minus what was lost; raises OSError, ValueError."""
        now, read_ns = int(self._path.read_text()), self._clock_ns()
        seconds = (read_ns - self._read_ns) / 1e9
        limit = MAX_PACKAGE_WATTS * 1e6 * (seconds + COUNTER_SECONDS)
        step = now - self._last
        if step < 0 < self._range:
            step += self._range
        if 0 <= step <= limit and not 0 < self._range < MAX_PACKAGE_WATTS * 1e6 * seconds:
            self._total += step
        else:
            self.losses += 1
            before, after = (f"{microjoules / 1e6:,.1f} J" for microjoules in (self._last, now))
            self.loss = f"{self._path} went from {before} to {after} within {seconds:.2f} s"
        self._last, self._read_ns = now, read_ns
        return self._total / 1e6


class RaplSource(Source):
    """All processor packages of the machine together, whichever process uses them."""

    def __init__(
        self, counters: list[PackageCounter], clock_ns: Callable[[], int] = time.perf_counter_ns
    ) -> None:
        self._counters = counters
        self._clock_ns = clock_ns
        # The sampler's thread and the trial's thread read the same counters.
        self._lock = threading.Lock()
        self._last: tuple[int, float, int] | None = None
        self.energy_name = "RAPL package counters"
        self.power_name = "cpu_power"
        super().__init__([Probe({"cpu_power": "W"}, self._power)])

    def energy_joules(self) -> float | None:
        """Return the packages' energy since the source was opened."""
        try:
            return self._joules()
        except (OSError, ValueError) as error:
            self.unavailable["cpu_energy"] = f"cpu_energy could not be read at some point: {error}"
            return None

    def _joules(self) -> float:
        with self._lock:
            joules = sum(counter.joules() for counter in self._counters)
            losses = sum(counter.losses for counter in self._counters)
            if losses > self.energy_losses:
                self.energy_losses = losses
                self.energy_loss = "; ".join(counter.loss for counter in self._counters if counter.loss)
            return joules

    def _power(self) -> tuple[float | None]:
        now, last = (self._clock_ns(), self._joules(), self.energy_losses), self._last
        self._last = now
        if last is None or now[0] <= last[0] or now[2] > last[2]:
            return (None,)
        return ((now[1] - last[1]) / (now[0] - last[0]) * 1e9,)


def open_rapl(root: Path = _POWERCAP) -> Source:
    """Open the package counters in the folder; if they cannot be read, `unavailable` says why."""
    try:
        counters = [PackageCounter(folder) for folder in _packages(root)]
    except PermissionError as error:
        return _nothing(
            f"{error.filename} is readable by root only; `sudo chmod a+r {root}/intel-rapl:*/energy_uj` "
            "grants access until the next reboot"
        )
    except (OSError, ValueError) as error:
        return _nothing(f"the RAPL counters under {root} cannot be read: {error}")
    if not counters:
        return _nothing(
            f"{root} contains no package counter, as is usual in a virtual machine, in a container and "
            "outside x86; measure on bare metal to get it"
        )
    return RaplSource(counters)


def _packages(root: Path) -> list[Path]:
    """Return the package zones: not their subzones, nor psys, which includes them."""
    zones = sorted(zone for zone in root.glob("intel-rapl:*") if zone.name.count(":") == 1)
    return [zone for zone in zones if (zone / "name").read_text().startswith("package")]


def _nothing(reason: str) -> Source:
    return Source((), {"cpu_power": reason, "cpu_energy": reason})
