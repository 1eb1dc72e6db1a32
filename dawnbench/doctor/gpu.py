"""Checks the GPU."""

from __future__ import annotations

import os

from dawnbench.doctor.finding import Finding
from dawnbench.telemetry.gpu import GpuFacts

_HOT = 80.0  # degC
_GIB = 1 << 30
_FREE_MEMORY = 4 * _GIB


def gpu_findings(gpu: GpuFacts) -> list[Finding]:
    """Check the current state of one GPU."""
    return [
        _processes(gpu),
        _throttling(gpu),
        _power_cap(gpu),
        _temperature(gpu),
        _persistence(gpu),
        _memory(gpu),
    ]


def _processes(gpu: GpuFacts) -> Finding:
    check = "gpu processes"
    if gpu.process_ids is None:
        return _unread(check, gpu, "process_ids")
    others = sorted(set(gpu.process_ids) - {os.getpid()})
    if not others:
        return Finding(check, "ok", f"no other process uses the {gpu.name}")
    ids = ", ".join(map(str, others))
    return Finding(
        check,
        "problem",
        f"other processes use the {gpu.name}: {ids}",
        "wait for them, stop them, or measure on another GPU; `nvidia-smi` shows what they are",
    )


def _throttling(gpu: GpuFacts) -> Finding:
    check = "gpu throttling"
    if gpu.throttle_reasons is None:
        return _unread(check, gpu, "throttle_reasons")
    if not gpu.throttle_reasons:
        return Finding(check, "ok", "the GPU is not throttled")
    return Finding(
        check,
        "problem",
        f"the GPU is throttled: {', '.join(gpu.throttle_reasons)}",
        "let it cool and raise its power limit if one is set; "
        "`nvidia-smi -q -d PERFORMANCE` shows whether the reason persists",
    )


def _power_cap(gpu: GpuFacts) -> Finding:
    check = "gpu power limit"
    if gpu.power_limit is None:
        return _unread(check, gpu, "power_limit")
    if gpu.default_power_limit is None:
        return _unread(check, gpu, "default_power_limit")
    if gpu.power_limit >= gpu.default_power_limit:
        return Finding(check, "ok", f"the power limit is {gpu.power_limit:.0f} W, not below the default")
    return Finding(
        check,
        "warning",
        f"the power limit is {gpu.power_limit:.0f} W, below the default of {gpu.default_power_limit:.0f} W",
        f"reset it with `sudo nvidia-smi -pl {gpu.default_power_limit:.0f}`, "
        "or report the limit with the result",
    )


def _temperature(gpu: GpuFacts) -> Finding:
    check = "gpu temperature"
    if gpu.temperature is None:
        return _unread(check, gpu, "temperature")
    if gpu.temperature <= _HOT:
        return Finding(check, "ok", f"the GPU is at {gpu.temperature:.0f} degC")
    return Finding(
        check,
        "warning",
        f"the GPU is at {gpu.temperature:.0f} degC before any training, above {_HOT:.0f} degC",
        "let it cool down and check its fans and airflow, or it will throttle during the trial",
    )


def _persistence(gpu: GpuFacts) -> Finding:
    check = "gpu persistence"
    if gpu.persistence is None:
        return _unread(check, gpu, "persistence")
    if gpu.persistence:
        return Finding(check, "ok", "the driver stays loaded between runs")
    return Finding(
        check,
        "warning",
        "persistence mode is off: the driver may unload between runs, which slows each start",
        "turn it on with `sudo nvidia-smi -pm 1`",
    )


def _memory(gpu: GpuFacts) -> Finding:
    check = "gpu memory"
    if gpu.memory_free is None:
        return _unread(check, gpu, "memory_free")
    free = gpu.memory_free / _GIB
    if gpu.memory_free >= _FREE_MEMORY:
        return Finding(check, "ok", f"{free:.1f} GiB of GPU memory is free")
    return Finding(
        check,
        "problem",
        f"only {free:.1f} GiB of GPU memory is free, less than {_FREE_MEMORY / _GIB:.0f} GiB",
        "stop the processes that use it (`nvidia-smi` shows them), or train with a smaller batch size",
    )


def _unread(check: str, gpu: GpuFacts, field: str) -> Finding:
    return Finding(check, "unknown", gpu.unreadable[field])
