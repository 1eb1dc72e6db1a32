"""Describe the machine, its device and the data, from a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

from benchmarks.processes import ROOT, environment, last_line
from dawnbench.errors import DawnbenchError

SECONDS = 300.0
"""Enough to download the data."""


def ask_facts(device: str, data: str) -> dict[str, Any]:
    """Return the facts about a device (cpu or cuda) and a data set.

    Raises:
        DawnbenchError: the device or the data does not exist, or the child process did not answer.
    """
    command = [sys.executable, "-m", "benchmarks.gpu.facts", device, data]
    options: dict[str, Any] = {"cwd": ROOT, "env": environment(), "capture_output": True, "text": True}
    try:
        done = subprocess.run(command, timeout=SECONDS, check=False, **options)
    except subprocess.TimeoutExpired as error:
        raise DawnbenchError(f"this machine was not described within {SECONDS:.0f} s") from error
    if done.returncode:
        raise DawnbenchError(last_line(done.stderr))
    return json.loads(last_line(done.stdout))  # type: ignore[no-any-return]


def describe(name: str, data: str) -> dict[str, Any]:
    """Return the facts.

    Raises:
        DawnbenchError: the device or the data does not exist.
    """
    import torch

    from dawnbench import telemetry
    from dawnbench.data.sources import load_dataset
    from dawnbench.engine.device import open_device

    if name == "cuda" and not torch.cuda.is_available():
        raise DawnbenchError(f"torch {torch.__version__} finds no NVIDIA GPU; run this on a machine with one")
    device, dataset = open_device(name), load_dataset(data)
    known = telemetry.environment(device.uuid)
    git = known["git"] or {"commit": "unknown: no git checkout", "dirty": False}
    return {
        "gpu": device.product_name,
        "uuid": device.uuid,
        "driver": known["gpu"]["driver"],
        "power limit, W": known["gpu"]["power_limit_watts"],
        "torch": torch.__version__,
        "CUDA": torch.version.cuda,
        "cuDNN": torch.backends.cudnn.version(),
        "Python": known["python"],
        "CPU": f"{known['cpu']['model']}, {known['cpu']['logical_cores']} logical cores",
        "commit": f"{git['commit']}{' with changes' if git['dirty'] else ''}",
        "data": dataset.source,
        "fingerprint": dataset.fingerprint,
    }


if __name__ == "__main__":
    try:
        print(json.dumps(describe(*sys.argv[1:])))
    except DawnbenchError as error:
        sys.exit(str(error))
