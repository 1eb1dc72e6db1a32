"""What the kernel reports about the processor; `root` is the folder that contains proc and sys."""

from __future__ import annotations

import platform
from pathlib import Path

_ROOT = Path("/")


def cpu_model(root: Path = _ROOT) -> str | None:
    """Return the model's name, or the architecture if the kernel does not report the model."""
    return _cpuinfo(root).get("model name") or platform.machine() or None


def cpu_flags(root: Path = _ROOT) -> frozenset[str] | None:
    """Return the instruction sets of the first core, in the kernel's spelling; None if unknown."""
    cpuinfo = _cpuinfo(root)
    flags = cpuinfo.get("flags") or cpuinfo.get("Features")
    return frozenset(flags.split()) if flags else None


def scaling_governors(root: Path = _ROOT) -> tuple[str, ...]:
    """Return the distinct frequency governors of the cores; empty if there are none, as in most VMs."""
    files = (root / "sys/devices/system/cpu").glob("cpu[0-9]*/cpufreq/scaling_governor")
    try:
        return tuple(sorted({file.read_text().strip() for file in files}))
    except OSError:
        return ()


def _cpuinfo(root: Path) -> dict[str, str]:
    """Return the first core's lines of /proc/cpuinfo by key."""
    try:
        first_core = (root / "proc/cpuinfo").read_text().split("\n\n")[0]
    except OSError:
        return {}
    pairs = (line.partition(":") for line in first_core.splitlines())
    return {key.strip(): value.strip() for key, _, value in pairs}
