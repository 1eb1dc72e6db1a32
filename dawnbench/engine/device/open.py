"""Opens a device by its name on the command line."""

from __future__ import annotations

import torch

from dawnbench.engine.device.base import Device
from dawnbench.engine.device.cpu import CpuDevice
from dawnbench.engine.device.cuda import CudaDevice
from dawnbench.engine.device.mps import MpsDevice
from dawnbench.engine.device_names import check_device_name, cuda_index
from dawnbench.errors import DawnbenchError


def open_device(name: str) -> Device:
    """Return the device called `auto`, `cpu`, `cuda`, `cuda:N` or `mps`; `auto` takes the fastest available.

    Raises:
        DawnbenchError: the name is unknown, or the device is unavailable.
    """
    check_device_name(name)
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    if name == "cpu":
        return CpuDevice("cpu")
    if name == "mps":
        if not torch.backends.mps.is_available():
            raise DawnbenchError("device mps is not available: it needs an Apple GPU; use --device cpu")
        return MpsDevice("mps")
    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    index = cuda_index(name) or 0
    if index >= count:
        available = f"this machine has {count} CUDA device{'s' if count != 1 else ''}"
        raise DawnbenchError(f"device {name} is not available: {available}; use --device auto to use what is")
    return CudaDevice(f"cuda:{index}")
