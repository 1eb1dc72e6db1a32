"""Numbers as people read them."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any

from dawnbench.records.rules import is_per_image
from dawnbench.records.schema import Reading

_ONE_GPU = re.compile(r"gpu([0-9]+)_(.+)")
"""A metric of one of several GPUs, by its rank."""


@dataclass(frozen=True, slots=True)
class TimeUnit:
    """The unit in which times under a rule are shown."""

    name: str
    scale: float
    """What a time in seconds is multiplied by."""

    def shown(self, value: float | None) -> str:
        """Return a time in seconds in this unit, with the unit; a dash for None or NaN."""
        return latency(value) if self.name == "ms" else seconds(value)

    def number(self, value: float | None) -> str:
        """Return a time in seconds in this unit, with four digits and without the unit; a dash for None."""
        return "-" if value is None else significant(self.scale * value)


def time_unit(rule: str) -> TimeUnit:
    """Return the unit for times under a rule: milliseconds for those of one image, else seconds."""
    return TimeUnit("ms", 1000.0) if is_per_image(rule) else TimeUnit("s", 1.0)


def time_label(rule: str) -> str:
    """Return what to call times under a rule in a table: `latency [ms]`, or the rule's name with `[s]`."""
    return "latency [ms]" if is_per_image(rule) else f"{rule} [s]"


def latency(value: float | None) -> str:
    """Return a latency in milliseconds with its unit; a dash for None or NaN."""
    return "-" if value is None or math.isnan(value) else f"{significant(1000 * value)} ms"


def seconds(value: float | None) -> str:
    """Return a time with its unit; a dash for None or NaN."""
    if value is None or math.isnan(value):
        return "-"
    return f"{value:.3f} s" if value < 100 else f"{value:.1f} s"


def percent(fraction: float | None) -> str:
    """Return a fraction in percent with two decimals; a dash for None."""
    return "-" if fraction is None else f"{100 * fraction:.2f} %"


def number_bytes(count: float | None) -> str:
    """Return bytes in MB or GB (powers of ten); a dash for None."""
    if count is None:
        return "-"
    return f"{count / 1e9:.2f} GB" if count >= 1e9 else f"{count / 1e6:.1f} MB"


def setting(name: str, value: Any) -> str:
    """Return a recorded setting or fact; one whose name ends in `_bytes` in MB or GB."""
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return number_bytes(value) if name.endswith("_bytes") and isinstance(value, int) else str(value)


def joules(value: float | None) -> str:
    """Return an energy in joules; a dash for None."""
    return "-" if value is None else f"{value:.1f} J"


def flops(count: float | None) -> str:
    """Return a count of floating-point operations with a prefix; a dash for None."""
    if count is None:
        return "-"
    for size, prefix in ((1e15, "P"), (1e12, "T"), (1e9, "G"), (1e6, "M")):
        if count >= size:
            return f"{count / size:.3g} {prefix}FLOP"
    return f"{count:.0f} FLOP"


def reading(value: float, of: Reading) -> str:
    """Return a sensor's value with its unit."""
    if of.unit == "bytes":
        return number_bytes(value)
    return f"{value:.1f} {of.unit}"


def metric_name(metric: str) -> str:
    """Return `gpu_power` as GPU power, and `gpu3_power`, that of one of several, as GPU 3 power."""
    words = metric.split("_")
    if (one := _ONE_GPU.fullmatch(metric)) is not None:
        words[:1] = ["gpu", one[1]]
    return " ".join(w.upper() if w in ("gpu", "cpu", "sm") else w for w in words)


def of_all_gpus(metric: str) -> str | None:
    """Return what one GPU's metric is called for all of them: `gpu_power` for `gpu3_power`; else None."""
    one = _ONE_GPU.fullmatch(metric)
    return None if one is None else f"gpu_{one[2]}"


def significant(value: float, digits: int = 4) -> str:
    """Return a number with this many significant digits, or all integer digits, and never an exponent."""
    if not math.isfinite(value):
        return "inf" if value > 0 else "-inf" if value < 0 else "nan"
    if value == 0:
        return "0"
    decimals = digits - 1 - math.floor(math.log10(abs(value)))
    return f"{value:.{max(0, min(decimals, 12))}f}"
