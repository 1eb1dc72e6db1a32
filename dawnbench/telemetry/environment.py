"""Describes the environment of a run: the part of run.json that makes results comparable.

It goes into public reports, so it contains nothing private: no shell variables, no names of users, hosts or
folders.
"""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import psutil

from dawnbench.telemetry.checkout import read_checkout
from dawnbench.telemetry.device import NoGpuError
from dawnbench.telemetry.gpu import driver_facts, gpu_facts
from dawnbench.telemetry.processor import cpu_flags, cpu_model, scaling_governors

_PACKAGES = ("dawnbench", "torch", "torchvision", "numpy")
_FLAGS = ("amx_bf16", "amx_tile", "avx512_bf16", "avx512f", "avx2")


def environment(
    device_uuid: str | None, threads: int | None = None, packages: tuple[str, ...] = ()
) -> dict[str, Any]:
    """Describe the machine and the software as JSON, with None for what is unknown.

    The keys are `python`, `packages`, `platform`, `kernel`, `cpu`, `memory_bytes`, `gpu` and `git`. The GPU's
    name and power limit (W) are those of the device with the UUID, None for a run without an NVIDIA GPU.
    `threads`, the number of processor threads that compute, is under `cpu`, None if a GPU computes.
    `packages` are named besides the usual ones. `git` describes the checkout that contains the working
    directory, None outside of one.
    """
    checkout = read_checkout(Path.cwd())
    return {
        "python": platform.python_version(),
        "packages": {name: _version(name) for name in (*_PACKAGES, *packages)},
        "platform": platform.platform(),
        "kernel": platform.release(),
        "cpu": {**_cpu(), "threads": threads},
        "memory_bytes": psutil.virtual_memory().total,
        "gpu": _gpu(device_uuid),
        "git": {"commit": checkout.commit, "dirty": checkout.dirty} if checkout else None,
    }


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _cpu() -> dict[str, Any]:
    flags = cpu_flags() or frozenset()
    return {
        "model": cpu_model(),
        "physical_cores": psutil.cpu_count(logical=False),
        "logical_cores": psutil.cpu_count(),
        "flags": [flag for flag in _FLAGS if flag in flags],
        "governor": ", ".join(scaling_governors()) or None,
    }


def _gpu(device_uuid: str | None) -> dict[str, Any]:
    try:
        driver = driver_facts()
    except NoGpuError:
        driver = None
    try:
        gpu = gpu_facts(device_uuid) if device_uuid else None
    except NoGpuError:
        gpu = None
    return {
        "name": gpu and gpu.name,
        "power_limit_watts": gpu and gpu.power_limit,
        "count": driver and driver.gpus,
        "driver": driver and driver.version,
        "cuda": driver and driver.cuda,
    }
