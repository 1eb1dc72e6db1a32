"""A peer's source, adapted when it is loaded; nothing of it is stored.

On every device `torch.load` gives our data, and pauses are left out (scripts let the GPU cool down between
trials). On the CPU this is a naive port: fp32 weights, bf16 autocast, eager, channels_last as it was.
"""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import torch

from dawnbench.data.dataset import Dataset
from dawnbench.errors import DawnbenchError

FOLDER = "cifar10"
"""Where the scripts look for their data, from their working directory."""
SHAPE, CLASSES = (32, 32, 3), 10
EVERYWHERE = (
    (r"\btorch\.load\b", "_peers_load"),
    (r"\b(time\.sleep|torch\.cuda\._sleep)\b", "_peers_pause"),
)
ON_CPU = (
    (r"\btorch\.cuda\b", "_peers_cuda"),
    (r"""(["'])cuda\1""", "'cpu'"),
    (r"\.cuda\([^()]*\)", ""),
    (r"\.half\(\)", ".float()"),
    (r"\btorch\.(half|float16)\b", "torch.float32"),
    (r"(?m)^([ \t]*)@torch\.compile\b.*$", ""),
)


class HostEvent:
    """A CUDA event that takes the host's time."""

    def __init__(self, **_: object) -> None:
        self._seconds = 0.0

    def record(self) -> None:
        self._seconds = time.perf_counter()

    def elapsed_time(self, end: HostEvent) -> float:
        """Return the milliseconds from this event to the other."""
        return 1e3 * (end._seconds - self._seconds)


def load_peer(script: Path, device: str, load: Callable[..., Any]) -> ModuleType:
    """Execute a peer's source as a module, except for its `__main__` block; `load` replaces `torch.load`."""
    source = script.read_text(encoding="utf-8")
    for pattern, replacement in (*EVERYWHERE, *(ON_CPU if device == "cpu" else ())):
        source = re.sub(pattern, replacement, source)
    module = ModuleType("peer_" + re.sub(r"\W", "_", script.stem))
    # torch.compile may import the module of what it inlines by name.
    sys.modules[module.__name__] = module
    cuda = SimpleNamespace(Event=HostEvent, synchronize=lambda: None)
    ours = {"_peers_load": load, "_peers_pause": lambda *_: None, "_peers_cuda": cuda}
    module.__dict__.update({"__file__": str(script)} | ours)
    exec(compile(source, script, "exec"), module.__dict__)
    if device == "cpu":
        _autocast(module.CifarNet)
    return module


def _autocast(network: Any) -> None:
    """Let the network's forward pass compute in bf16 and answer in fp32.

    One context per pass, since a context keeps its casts of the weights, which an update makes stale.
    """
    forward = network.forward

    def in_bf16(self: Any, *given: Any, **named: Any) -> Any:
        with torch.autocast("cpu", torch.bfloat16):
            return forward(self, *given, **named).float()

    network.forward = in_bf16


def serve(dataset: Dataset, folder: Path) -> Callable[..., dict[str, Any]]:
    """Return what stands in for `torch.load`, and create the files that the scripts look for in the folder.

    The files are empty; the tensors are the data set's, so a load costs the transfer from the host's memory
    to the device and nothing else, as `strict` requires.

    Raises:
        DawnbenchError: the images are not 32 x 32 in color, or have more than ten classes.
    """
    if dataset.image_shape != SHAPE or len(dataset.classes) > CLASSES:
        size = "x".join(map(str, dataset.image_shape))
        raise DawnbenchError(
            f"{dataset.source} has {size} images of {len(dataset.classes)} classes, and the peers accept "
            "32x32x3 of at most 10; give --data cifar10"
        )
    splits = {
        "train": (torch.from_numpy(dataset.train_images), torch.from_numpy(dataset.train_labels)),
        "test": (torch.from_numpy(dataset.test_images), torch.from_numpy(dataset.test_labels)),
    }
    (folder / FOLDER).mkdir()
    for split in splits:
        (folder / FOLDER / f"{split}.pt").touch()

    def load(path: str, map_location: torch.device, **_: object) -> dict[str, Any]:
        images, labels = (tensor.to(map_location) for tensor in splits[Path(path).stem])
        return {"images": images, "labels": labels, "classes": list(dataset.classes)}

    return load
