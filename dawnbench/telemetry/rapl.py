"""The energy of the processor packages, from the kernel's RAPL counters.

Their files and units are in the kernel's Documentation/power/powercap/powercap.rst.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

from dawnbench.telemetry.source import Probe, Source

_POWERCAP = Path("/sys/class/powercap")


class PackageCounter:
    """One package's energy, counted on over the wrap-arounds of the hardware's counter.

    It must be read at least once a wrap-around: about 20 minutes at 200 W.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / "energy_uj"
        self._range = int((folder / "max_energy_range_uj").read_text())
        self._last = int(self._path.read_text())
        self._total = 0

    def joules(self) -> float:
        """Return the energy since this object was made; raises OSError where it cannot be read."""
        now = int(self._path.read_text())
        self._total += now - self._last if now >= self._last else now - self._last + self._range
        self._last = now
        return self._total / 1e6


class RaplSource(Source):
    """All processor packages of the machine together, whoever used them."""

    def __init__(
        self, counters: list[PackageCounter], clock_ns: Callable[[], int] = time.perf_counter_ns
    ) -> None:
        self._counters = counters
        self._clock_ns = clock_ns
        # The sampler's thread and a trial's read the same counters.
        self._lock = threading.Lock()
        self._last: tuple[int, float] | None = None
        self.energy_name = "RAPL package counters"
        super().__init__([Probe({"cpu_power": "W"}, self._power)])

    def energy_joules(self) -> float | None:
        """Return the packages' energy since the source was opened."""
        try:
            return self._joules()
        except (OSError, ValueError) as error:
            self.unavailable["cpu_energy"] = f"cpu_energy could not be read at some time: {error}"
            return None

    def _joules(self) -> float:
        with self._lock:
            return sum(counter.joules() for counter in self._counters)

    def _power(self) -> tuple[float | None]:
        now, last = (self._clock_ns(), self._joules()), self._last
        self._last = now
        if last is None or now[0] <= last[0]:
            return (None,)
        return ((now[1] - last[1]) / (now[0] - last[0]) * 1e9,)


def open_rapl(root: Path = _POWERCAP) -> Source:
    """Open the package counters under the folder; where they cannot be read, say why in `unavailable`."""
    try:
        counters = [PackageCounter(folder) for folder in _packages(root)]
    except PermissionError as error:
        return _nothing(
            f"{error.filename} is readable by root only; `sudo chmod a+r {root}/intel-rapl:*/energy_uj` "
            "opens it until the machine restarts"
        )
    except (OSError, ValueError) as error:
        return _nothing(f"the RAPL counters under {root} cannot be read: {error}")
    if not counters:
        return _nothing(
            f"{root} holds no package counter, as is usual in a virtual machine, in a container and "
            "outside x86; measure on the bare machine to see it"
        )
    return RaplSource(counters)


def _packages(root: Path) -> list[Path]:
    """Return the zones that are packages: not their parts, nor psys, which counts them again."""
    zones = sorted(zone for zone in root.glob("intel-rapl:*") if zone.name.count(":") == 1)
    return [zone for zone in zones if (zone / "name").read_text().startswith("package")]


def _nothing(reason: str) -> Source:
    return Source((), {"cpu_power": reason, "cpu_energy": reason})
