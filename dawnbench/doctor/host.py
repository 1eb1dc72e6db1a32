"""Checks the host: processor, memory and container limits."""

from __future__ import annotations

from dawnbench.doctor.finding import Finding
from dawnbench.doctor.host_facts import HostFacts

_BUSY_PERCENT = 10.0
_GIB = 1 << 30
_AVAILABLE_MEMORY = 4 * _GIB
_SWAP_USED = _GIB


def host_findings(host: HostFacts, trains_on_gpu: bool) -> list[Finding]:
    """Check the current state of the host."""
    return [
        _governor(host),
        _busy(host),
        _bf16(host, trains_on_gpu),
        _memory(host),
        _swap(host),
        _cpu_limit(host),
    ]


def _governor(host: HostFacts) -> Finding:
    check = "cpu governor"
    if not host.governors:
        return Finding(check, "unknown", "the kernel reports no frequency governor, as is usual in a VM")
    if host.governors == ("performance",):
        return Finding(check, "ok", "every core uses the performance governor")
    return Finding(
        check,
        "warning",
        f"the frequency governor is {' and '.join(host.governors)}, so the cores may clock down",
        "set it with `sudo cpupower frequency-set -g performance`",
    )


def _busy(host: HostFacts) -> Finding:
    check = "cpu load"
    if host.others_busy is None:
        return Finding(check, "unknown", "the kernel does not report the processor load")
    message = f"other processes use {host.others_busy:.0f} % of the {host.cores} cores"
    if host.others_busy <= _BUSY_PERCENT:
        return Finding(check, "ok", message)
    return Finding(check, "warning", message, "stop them or wait; `top` lists them")


def _bf16(host: HostFacts, trains_on_gpu: bool) -> Finding:
    check = "cpu bf16"
    if trains_on_gpu:
        return Finding(check, "ok", "training on the GPU does not need the processor's bf16 instructions")
    if host.flags is None:
        return Finding(check, "unknown", "the kernel does not report the processor's instruction sets")
    if "amx_bf16" in host.flags:
        return Finding(check, "ok", "the processor has AMX for bf16")
    if "avx512_bf16" in host.flags:
        message = "the processor has no AMX; its bf16 runs on AVX-512, which is slower"
    else:
        message = "the processor has neither AMX nor AVX-512 for bf16, so bf16 is emulated"
    return Finding(check, "warning", message, "time fp32 as well and use the faster, or use a CPU with AMX")


def _memory(host: HostFacts) -> Finding:
    check = "memory"
    available = host.memory_available / _GIB
    if host.memory_available >= _AVAILABLE_MEMORY:
        return Finding(check, "ok", f"{available:.1f} GiB of memory is available")
    return Finding(
        check,
        "problem",
        f"only {available:.1f} GiB of memory is available, less than {_AVAILABLE_MEMORY / _GIB:.0f} GiB",
        "stop programs that use memory, or give the container more",
    )


def _swap(host: HostFacts) -> Finding:
    check = "swap"
    message = f"{host.swap_used / _GIB:.1f} GiB of swap is in use"
    if host.swap_used <= _SWAP_USED:
        return Finding(check, "ok", message)
    remedy = "free memory, then empty the swap with `sudo swapoff -a && sudo swapon -a`"
    return Finding(check, "warning", message, remedy)


def _cpu_limit(host: HostFacts) -> Finding:
    check = "cpu limit"
    if host.cpu_limit is None or host.cpu_limit >= host.cores:
        return Finding(check, "ok", f"no control group limits the {host.cores} cores")
    return Finding(
        check,
        "warning",
        f"the control group allows {host.cpu_limit:g} of {host.cores} cores and throttles heavier use",
        f"raise the container's CPU limit, or set OMP_NUM_THREADS={max(1, int(host.cpu_limit))}",
    )
