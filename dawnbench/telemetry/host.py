"""Samples the host's processor and memory."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

from dawnbench.telemetry.kernel import Kernel, open_kernel
from dawnbench.telemetry.source import Probe, Source, at_most_every

# A kernel may have to interrupt a core to read its frequency, so read rarely, and only some cores.
_FREQUENCY_SECONDS = 1.0
_FREQUENCY_CORES = 8
# Over shorter intervals, the granularity of the kernel's ticks dominates.
_OTHERS_SECONDS = 1.0


class HostSource(Source):
    """The whole machine's processor and memory, and this process's memory.

    cpu_utilization is over all cores, 0 to 100, since the previous reading; the kernel counts in ticks of 10
    ms, so single samples are coarse on few cores, but the mean is not. cpu_other_utilization is the share of
    all cores used by other processes, including time stolen by a hypervisor, over the last second.
    cpu_frequency is the mean of up to 8 cores spread over the machine, read once per second and held in
    between. system_memory_used is the total minus what the kernel could give to a new program.
    """

    def __init__(
        self,
        kernel: Kernel | None = None,
        root: Path = Path("/"),
        own_seconds: Callable[[], float] = time.process_time,
    ) -> None:
        self._kernel = kernel = kernel or open_kernel()
        super().__init__(
            [
                Probe({"cpu_utilization": "%"}, _Utilization(kernel).read),
                Probe({"cpu_other_utilization": "%"}, _OtherProcesses(kernel, own_seconds).read),
                Probe({"cpu_frequency": "MHz"}, at_most_every(_FREQUENCY_SECONDS, _Frequency(root).read)),
                Probe({"process_memory": "bytes"}, lambda: (kernel.process_memory(),)),
                Probe({"system_memory_used": "bytes"}, lambda: (kernel.system_memory_used(),)),
            ]
        )

    def close(self) -> None:
        """Close the kernel's files; later readings are None."""
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
        # The kernel's idle count may go back by a tick; finer digits would only be floating-point noise.
        return (min(max(round(percent, 1), 0.0), 100.0),)


class _OtherProcesses:
    def __init__(self, kernel: Kernel, own_seconds: Callable[[], float]) -> None:
        self._kernel, self._own_seconds = kernel, own_seconds
        self._last: tuple[float, float] | None = None
        self._held: float | None = None

    def read(self) -> tuple[float | None]:
        busy, total = self._kernel.cpu_seconds()
        others = busy - self._own_seconds()
        if self._last is None:
            self._last = others, total
        elapsed = total - self._last[1]
        if elapsed >= _OTHERS_SECONDS * (os.cpu_count() or 1):
            percent = 100 * (others - self._last[0]) / elapsed
            self._held = min(max(round(percent, 1), 0.0), 100.0)
            self._last = others, total
        return (self._held,)


class _Frequency:
    def __init__(self, root: Path) -> None:
        found = sorted((root / "sys/devices/system/cpu").glob("cpu[0-9]*/cpufreq/scaling_cur_freq"))
        self._paths = found[:: -(-len(found) // _FREQUENCY_CORES) or 1]

    def read(self) -> tuple[float]:
        if not self._paths:
            raise OSError(
                "/sys/devices/system/cpu contains no scaling_cur_freq, as is usual in a virtual machine "
                "and outside Linux; measure on bare metal to get it"
            )
        kilohertz = [int(path.read_text()) for path in self._paths]
        return (sum(kilohertz) / len(kilohertz) / 1e3,)
