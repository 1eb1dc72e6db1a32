"""Part (f): what one telemetry read costs."""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median, quantiles

from benchmarks.gpu.settings import Settings
from dawnbench.telemetry import open_sources

READS = 100


def measure(settings: Settings) -> list[str]:
    lines = ["| what is read | median, ms | 95th percentile, ms |", "| --- | ---: | ---: |"]
    unavailable: dict[str, str] = {}
    for source in open_sources(settings.uuid):
        name = type(source).__name__
        if source.units:
            lines.append(_row(f"{name}: {', '.join(source.units)}", source.read))
            lines.append(_row(f"{name}: throttle reasons", source.throttle_reasons))
        if source.energy_name is not None:
            lines.append(_row(f"{name}: {source.energy_name}", source.energy_joules))
        unavailable |= source.unavailable
        source.close()
    return [*lines, "", *(f"- {why}" for why in dict.fromkeys(unavailable.values()))]


def _row(name: str, read: Callable[[], object]) -> str:
    seconds = []
    for _ in range(READS):
        began = time.perf_counter()
        read()
        seconds.append(time.perf_counter() - began)
    return f"| {name} | {1e3 * median(seconds):.3f} | {1e3 * quantiles(seconds, n=20)[-1]:.3f} |"
