"""What the host's processor and memory did."""

from __future__ import annotations

import time
from pathlib import Path

from dawnbench.telemetry.kernel import Kernel, open_kernel
from dawnbench.telemetry.source import Probe, Source

# A kernel may have to interrupt a core to learn its frequency, so ask rarely, and not all of a large machine.
_FREQUENCY_SECONDS = 1.0
_FREQUENCY_CORES = 8


class HostSource(Source):
    """The whole machine's processor and memory, and this process's memory.

    cpu_utilization is over all cores, 0 to 100, since the reading before; the kernel counts in ticks of
    10 ms, so a single sample is coarse where there are few cores, while the mean is not. cpu_frequency is the
    mean of up to 8 cores spread over the machine, read once a second and held in between. system_memory_used
    is the total less what the kernel could give to a new program.
    """

    def __init__(self, kernel: Kernel | None = None, root: Path = Path("/")) -> None:
        self._kernel = kernel = kernel or open_kernel()
        super().__init__(
            [
                Probe({"cpu_utilization": "%"}, _Utilization(kernel).read),
                Probe({"cpu_frequency": "MHz"}, _Frequency(root).read),
                Probe({"process_memory": "bytes"}, lambda: (kernel.process_memory(),)),
                Probe({"system_memory_used": "bytes"}, lambda: (kernel.system_memory_used(),)),
            ]
        )

    def close(self) -> None:
        """Close the kernel's files; readings are None from then on."""
        self._kernel.close()


class _Utilization:
    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel
        self._last: tuple[float, float] | None = None

    def read(self) -> tuple[float | None]:
        now, last = self._kernel.cpu_seconds(), self._last
        if last is not None and now[1] <= last[1]:
            return (None,)
        self._last = now
        if last is None:
            return (None,)
        percent = 100 * (now[0] - last[0]) / (now[1] - last[1])
        # The kernel's idle count may step back by a tick; finer digits than these would be the float's own.
        return (min(max(round(percent, 1), 0.0), 100.0),)


class _Frequency:
    def __init__(self, root: Path) -> None:
        found = sorted((root / "sys/devices/system/cpu").glob("cpu[0-9]*/cpufreq/scaling_cur_freq"))
        self._paths = found[:: -(-len(found) // _FREQUENCY_CORES) or 1]
        self._held: float | None = None
        self._read_at = 0.0

    def read(self) -> tuple[float]:
        if not self._paths:
            raise OSError(
                "/sys/devices/system/cpu holds no scaling_cur_freq, as is usual in a virtual machine "
                "and outside Linux; measure on the bare machine to see it"
            )
        now = time.monotonic()
        if self._held is None or now - self._read_at >= _FREQUENCY_SECONDS:
            kilohertz = [int(path.read_text()) for path in self._paths]
            self._held = sum(kilohertz) / len(kilohertz) / 1e3
            self._read_at = now
        return (self._held,)
