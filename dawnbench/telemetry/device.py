"""Opens one GPU through NVML."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pynvml

from dawnbench.errors import DawnbenchError


class NoGpuError(DawnbenchError):
    """There is no such GPU, or no driver."""


def start_nvml() -> None:
    """Start NVML; call `pynvml.nvmlShutdown()` once for each start.

    Raises NoGpuError if the library or the driver is missing.
    """
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError as error:
        raise NoGpuError(
            f"NVML does not start ({error}); on a machine with an NVIDIA GPU, install its driver "
            "or pass the GPU into the container"
        ) from error


def open_device(uuid: str | None) -> Any:
    """Start NVML and return the handle of the GPU or MIG instance; None takes the first GPU.

    The UUID may have a prefix, as nvidia-smi prints it, or none, as in torch. Raises NoGpuError.
    """
    start_nvml()
    try:
        return pynvml.nvmlDeviceGetHandleByIndex(0) if uuid is None else _by_uuid(uuid)
    except pynvml.NVMLError as error:
        pynvml.nvmlShutdown()
        wanted = "no GPU" if uuid is None else f"no GPU with the UUID {uuid}"
        raise NoGpuError(f"NVML finds {wanted} ({error}); `nvidia-smi -L` lists the GPUs") from error


@contextmanager
def device(uuid: str | None) -> Iterator[Any]:
    """Open the device within a `with` block; raises like `open_device`."""
    handle = open_device(uuid)
    try:
        yield handle
    finally:
        pynvml.nvmlShutdown()


def _by_uuid(uuid: str) -> Any:
    if uuid.startswith(("GPU-", "MIG-")):
        return pynvml.nvmlDeviceGetHandleByUUID(uuid)
    try:
        return pynvml.nvmlDeviceGetHandleByUUID(f"GPU-{uuid}")
    except pynvml.NVMLError:
        # A bare UUID from torch may also be that of a MIG instance.
        return pynvml.nvmlDeviceGetHandleByUUID(f"MIG-{uuid}")
