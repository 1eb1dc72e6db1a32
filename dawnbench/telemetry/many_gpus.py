"""All GPUs of a machine that train one trial together, read as one source."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping

from dawnbench.records.schema import Reading, TelemetrySummary
from dawnbench.telemetry.source import Source

Combine = Callable[[Iterable[float]], float]


def _mean(values: Iterable[float]) -> float:
    found = list(values)
    return math.fsum(found) / len(found)


TOGETHER: Mapping[str, Combine] = {
    "gpu_power": math.fsum,
    "gpu_utilization": _mean,
    "gpu_memory_utilization": _mean,
    "gpu_memory_used": max,
    "gpu_temperature": max,
    "gpu_sm_clock": min,
    "gpu_memory_clock": min,
    "gpu_other_processes": max,
}
"""What the GPUs' values of a metric come to: the power of all, but the hottest and the slowest."""


def metric_of(name: str, rank: int) -> str:
    """Return the name of one GPU's metric: `gpu_power` of rank 3 is `gpu3_power`."""
    return f"gpu{rank}_{name.removeprefix('gpu_')}"


class ManyGpus(Source):
    """Several GPUs by the ranks that use them: every metric for all together, and for each by itself."""

    def __init__(self, gpus: Mapping[int, Source]) -> None:
        super().__init__(())
        self._gpus = dict(gpus)
        for rank, gpu in self._gpus.items():
            for name, unit in gpu.units.items():
                self.units[name] = self.units[metric_of(name, rank)] = unit
        counters = [gpu for gpu in self._gpus.values() if gpu.energy_name is not None]
        if len(counters) == len(self._gpus):
            self.energy_name, self.power_name = counters[0].energy_name, counters[0].power_name
        self._note_unavailable()

    def read(self) -> dict[str, float | None]:
        """Return each metric's value for all GPUs together, and for each by itself."""
        values: dict[str, float | None] = {}
        each = {rank: gpu.read() for rank, gpu in self._gpus.items()}
        for name, combine in TOGETHER.items():
            found = [read[name] for read in each.values() if name in read]
            known = [value for value in found if value is not None]
            if found:
                # A sum without one of them would look like less.
                values[name] = combine(known) if len(known) == len(self._gpus) else None
        for rank, read in each.items():
            values.update({metric_of(name, rank): value for name, value in read.items()})
        self._note_unavailable()
        return values

    def throttle_reasons(self) -> tuple[str, ...]:
        """Return why any of the GPUs is throttled now."""
        return tuple(dict.fromkeys(why for gpu in self._gpus.values() for why in gpu.throttle_reasons()))

    def energy_joules(self) -> float | None:
        """Return the sum of the GPUs' counters."""
        joules = self.energy_by_device()
        return math.fsum(joules.values()) if len(joules) == len(self._gpus) else None

    def energy_by_device(self) -> dict[str, float]:
        """Return each GPU's counter by its rank; without those that cannot be read."""
        found = {str(rank): gpu.energy_joules() for rank, gpu in self._gpus.items()}
        return {rank: joules for rank, joules in found.items() if joules is not None}

    def close(self) -> None:
        """Close all of them."""
        for gpu in self._gpus.values():
            gpu.close()

    def _note_unavailable(self) -> None:
        for rank, gpu in self._gpus.items():
            for name, why in dict(gpu.unavailable).items():
                self.unavailable.setdefault(name, f"of rank {rank}: {why}")


def of_all_nodes(nodes: list[TelemetrySummary]) -> TelemetrySummary:
    """Return the summary of a trial that several nodes trained, of which each summarized its own sensors.

    The times, the processors and the memory are those of the first node.
    """
    first = nodes[0]
    readings = {name: reading for node in reversed(nodes) for name, reading in node.readings.items()}
    for name, combine in TOGETHER.items():
        found = [node.readings[name] for node in nodes if name in node.readings]
        if len(found) == len(nodes):
            mean, peak = combine(r.mean for r in found), combine(r.peak for r in found)
            readings[name] = Reading(mean, peak, found[0].unit)
    joules = [node.energy_joules for node in nodes]
    return TelemetrySummary(
        samples=first.samples,
        readings=readings,
        throttle_reasons=tuple(dict.fromkeys(why for node in nodes for why in node.throttle_reasons)),
        energy_joules=total(joules),
        energy_to_target_joules=first.energy_to_target_joules,
        energy_source=first.energy_source,
        gpu_energy={rank: joules for node in nodes for rank, joules in node.gpu_energy.items()},
    )


def total(joules: Iterable[float | None]) -> float | None:
    """Return the sum; None if one of them is unknown."""
    found = list(joules)
    known = [one for one in found if one is not None]
    return math.fsum(known) if len(known) == len(found) else None
