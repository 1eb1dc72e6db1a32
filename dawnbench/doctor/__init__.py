"""Finds what would distort a measurement on this machine, and says what to do about it."""

from __future__ import annotations

from pathlib import Path

from dawnbench.doctor.extras import declared_extras, extra_findings
from dawnbench.doctor.finding import Finding, Level
from dawnbench.doctor.gpu import gpu_findings
from dawnbench.doctor.host import host_findings
from dawnbench.doctor.host_facts import read_host
from dawnbench.doctor.software import checkout_finding, cudnn_finding, has_cudnn
from dawnbench.telemetry.checkout import read_checkout
from dawnbench.telemetry.device import NoGpuError
from dawnbench.telemetry.gpu import gpu_facts

__all__ = ["Finding", "Level", "examine"]


def examine(device_uuid: str | None = None) -> list[Finding]:
    """Check the GPU with this UUID (the first one if None), the host, the software and the optional extras.

    Takes about half a second, plus torch's import if there is a GPU.
    """
    # First, before this process itself makes the machine busy.
    host = read_host()
    try:
        findings = gpu_findings(gpu_facts(device_uuid))
    except NoGpuError as error:
        findings, has_gpu = [Finding("gpu", "unknown", str(error))], False
    else:
        findings, has_gpu = [*findings, cudnn_finding(has_cudnn())], True
    return [
        *findings,
        *host_findings(host, has_gpu),
        checkout_finding(read_checkout(Path.cwd())),
        *extra_findings(declared_extras()),
    ]
