"""The host's processor."""

from __future__ import annotations

import ctypes
import importlib
import platform

import psutil
import torch

from dawnbench.engine.device.base import Device
from dawnbench.engine.device.compile_cache import check_compile_cache
from dawnbench.engine.device.heap import PeakWatch, allocated_bytes, unused_bytes
from dawnbench.telemetry.processor import cpu_model

# From glibc's malloc.h.
M_TRIM_THRESHOLD = -1
M_TOP_PAD = -2
M_MMAP_MAX = -4


def keep_freed_memory() -> bool:
    """Make the C library keep freed memory for the next tensor; return whether it could.

    Activations are tens of megabytes each; glibc returns such blocks to the kernel when they are freed, and
    the kernel zeroes every page again at the next step. Keeping them reduced a DavidNet step of batch 512
    from 3.7 s to 2.7 s on two Zen 4 cores. Without glibc nothing changes.
    """
    if platform.libc_ver()[0] != "glibc":
        return False
    mallopt = ctypes.CDLL(None).mallopt
    settings = ((M_MMAP_MAX, 0), (M_TRIM_THRESHOLD, -1), (M_TOP_PAD, 64 << 20))
    return all(mallopt(option, value) == 1 for option, value in settings)


class CpuDevice(Device):
    """The host's processor, with all threads that torch may use."""

    fused_optimizers = True
    shares_host_memory = True

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self._before = allocated_bytes()
        self._peak: PeakWatch | None = None

    @property
    def product_name(self) -> str:
        """The processor's name as reported by the kernel."""
        return cpu_model() or platform.machine()

    @property
    def threads(self) -> int:
        """Number of threads that torch computes with."""
        return torch.get_num_threads()

    def tune(self) -> None:
        """Keep freed memory; import what the first optimizer would import, so training is not charged."""
        keep_freed_memory()
        check_compile_cache()
        importlib.import_module("torch._dynamo")
        self._before = allocated_bytes()

    def preferred_precision(self) -> str:
        """Return bf16 if the processor multiplies it in hardware (AVX-512 BF16 or AMX), else fp32."""
        capabilities = torch.cpu.get_capabilities()
        fast = capabilities.get("amx_bf16") or capabilities.get("avx512_bf16")
        return "bf16" if fast else "fp32"

    def free_memory_bytes(self) -> int | None:
        """Return the memory available without swapping, plus what the C library holds unused."""
        return int(psutil.virtual_memory().available) + (unused_bytes() or 0)

    def reset_peak_memory(self) -> None:
        """Reset the peak that `peak_memory_bytes` returns; only glibc provides the statistics."""
        if self._peak is not None:
            self._peak.stop()
        self._peak = None if self._before is None else PeakWatch()

    def peak_memory_bytes(self) -> int | None:
        """Return the peak allocation since the last reset, less that from before the device was tuned.

        This excludes the interpreter and its libraries, but includes the data set and the weights. Like
        `torch.cuda.max_memory_allocated` it excludes what the allocator caches or loses between blocks. Ends
        the measurement.
        """
        if self._peak is None or self._before is None:
            return None
        peak = self._peak.stop() - self._before
        return peak if peak >= 0 else None  # what was freed since then was not this run's
