"""The facts that the host checks examine, including the limits of control groups.

Control group files are described in the kernel's Documentation/admin-guide/cgroup-v2.rst (cpu.max) and
Documentation/scheduler/sched-bwc.rst (cpu.cfs_quota_us).
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

from dawnbench.telemetry.kernel import Kernel, open_kernel
from dawnbench.telemetry.processor import cpu_flags, scaling_governors


@dataclass(frozen=True)
class HostFacts:
    """The current state of the host."""

    cores: int
    """Logical cores."""
    governors: tuple[str, ...]
    """The distinct governors; empty if the kernel reports none."""
    flags: frozenset[str] | None
    """Instruction sets; None if unknown."""
    others_busy: float | None
    """Percent of all cores used by other processes; None if unknown."""
    memory_available: int
    """Bytes."""
    swap_used: int
    """Bytes."""
    cpu_limit: float | None
    """Cores that the control groups allow; None without a limit."""


def read_host(root: Path = Path("/"), seconds: float = 0.3) -> HostFacts:
    """Examine the host, measuring its load for `seconds`; `root` contains proc and sys."""
    kernel = open_kernel()
    try:
        others_busy = _others_busy(kernel, seconds)
    finally:
        kernel.close()
    return HostFacts(
        cores=psutil.cpu_count() or os.cpu_count() or 1,
        governors=scaling_governors(root),
        flags=cpu_flags(root),
        others_busy=others_busy,
        memory_available=psutil.virtual_memory().available,
        swap_used=psutil.swap_memory().used,
        cpu_limit=cpu_limit(root),
    )


def _others_busy(kernel: Kernel, seconds: float) -> float | None:
    try:
        busy, total, own = *kernel.cpu_seconds(), _own_seconds()
        time.sleep(seconds)
        later_busy, later_total, later_own = *kernel.cpu_seconds(), _own_seconds()
    except OSError:
        return None
    if later_total <= total:
        return None
    return max(0.0, 100 * (later_busy - busy - (later_own - own)) / (later_total - total))


def _own_seconds() -> float:
    times = os.times()
    return times.user + times.system


def cpu_limit(root: Path = Path("/")) -> float | None:
    """Return the tightest limit, in cores, of this process's control groups; None if there is none."""
    limits = [limit for folder in _folders(root) if (limit := _limit(folder)) is not None]
    return min(limits, default=None)


def _folders(root: Path) -> list[Path]:
    """Return the folders of the process's groups and all their parents, each of which may set a limit."""
    base = root / "sys/fs/cgroup"
    try:
        lines = (root / "proc/self/cgroup").read_text().splitlines()
    except OSError:
        return []
    folders: list[Path] = []
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers == "":
            mounts = [base, base / "unified"]
        elif "cpu" in controllers.split(","):
            mounts = [base / "cpu", base / "cpu,cpuacct"]
        else:
            continue
        parts = Path(path.lstrip("/")).parts
        folders += [mount.joinpath(*parts[:depth]) for mount in mounts for depth in range(len(parts) + 1)]
    return folders


def _limit(folder: Path) -> float | None:
    try:
        if (folder / "cpu.max").exists():
            quota, period = (folder / "cpu.max").read_text().split()
        else:
            quota = (folder / "cpu.cfs_quota_us").read_text().strip()
            period = (folder / "cpu.cfs_period_us").read_text().strip()
    except (OSError, ValueError):
        return None
    return None if quota in ("max", "-1") else int(quota) / int(period)
