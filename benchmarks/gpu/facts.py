"""On what the check is made."""

from __future__ import annotations

from typing import Any

import torch

from benchmarks.gpu.settings import Settings
from dawnbench.data.sources import load_dataset
from dawnbench.errors import DawnbenchError
from dawnbench.telemetry import environment
from dawnbench.train.device import open_device

FALLBACK = "synthetic"


def measure(settings: Settings) -> dict[str, Any]:
    """Return the facts; `gpu` is None where there is none."""
    if settings.device == "cuda" and not torch.cuda.is_available():
        return {"gpu": None, "torch": torch.__version__}
    device = open_device(settings.device)
    known = environment(device.uuid)
    facts = {
        "gpu": device.product_name,
        "uuid": device.uuid,
        "driver": known["gpu"]["driver"],
        "power limit, W": known["gpu"]["power_limit_watts"],
        "torch": torch.__version__,
        "CUDA": torch.version.cuda,
        "cuDNN": torch.backends.cudnn.version(),
        "Python": known["python"],
        "CPU": f"{known['cpu']['model']}, {known['cpu']['logical_cores']} logical cores",
        "commit": _commit(known["git"]),
    }
    return facts | _data(settings.data)


def _commit(git: dict[str, Any] | None) -> str:
    if git is None:
        return "unknown: no git checkout"
    return f"{git['commit']}{' with changes' if git['dirty'] else ''}"


def _data(name: str) -> dict[str, Any]:
    try:
        dataset, problem = load_dataset(name), None
    except DawnbenchError as error:
        dataset, problem = load_dataset(FALLBACK), f"{name} was not to be had: {error}"
    return {"data": dataset.source, "fingerprint": dataset.fingerprint, "data problem": problem}
