"""The host's processor."""

from __future__ import annotations

import ctypes
import platform

import psutil
import torch

from dawnbench.telemetry.processor import cpu_model
from dawnbench.train.device.common import Device

# Of glibc's malloc.h.
M_TRIM_THRESHOLD = -1
M_TOP_PAD = -2
M_MMAP_MAX = -4


def keep_freed_memory() -> bool:
    """Make the C library keep freed memory for the next tensor; return whether it could.

    Activations are tens of megabytes each; glibc gives such blocks back to the kernel when they are freed,
    and the kernel zeroes every page anew at the next step. Keeping them took a DavidNet step of batch 512
    from 3.7 s to 2.7 s on two Zen 4 cores. Elsewhere than on glibc nothing changes.
    """
    if platform.libc_ver()[0] != "glibc":
        return False
    mallopt = ctypes.CDLL(None).mallopt
    settings = ((M_MMAP_MAX, 0), (M_TRIM_THRESHOLD, -1), (M_TOP_PAD, 64 << 20))
    return all(mallopt(option, value) == 1 for option, value in settings)


class CpuDevice(Device):
    """The host's processor, all the threads that torch was given."""

    fused_optimizers = True

    @property
    def product_name(self) -> str:
        """The processor's name as the kernel gives it."""
        return cpu_model() or platform.machine()

    def tune(self) -> None:
        """Keep freed memory."""
        keep_freed_memory()

    def preferred_precision(self) -> str:
        """Return bf16 where the processor multiplies it in hardware (AVX-512 BF16 or AMX), else fp32."""
        capabilities = torch.cpu.get_capabilities()
        fast = capabilities.get("amx_bf16") or capabilities.get("avx512_bf16")
        return "bf16" if fast else "fp32"

    def free_memory_bytes(self) -> int | None:
        """Return what the kernel says can be had without swapping."""
        return int(psutil.virtual_memory().available)
