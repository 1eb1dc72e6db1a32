"""The peers that can be measured, and how their source is adapted when it is loaded; none of it is stored.

On every device `torch.load` gives our data, and pauses are left out (scripts let the GPU cool down between
trials). On the CPU this is a naive port: fp32 weights, bf16 autocast, eager, channels_last as it was.
"""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, Literal

import torch

from dawnbench.data.dataset import Dataset
from dawnbench.errors import DawnbenchError

TARGET = 0.94
"""Mean accuracy; all peers are built for it."""


@dataclass(frozen=True)
class Peer:
    """A public script; it is recorded with the run."""

    name: str
    source: str
    """Repository and path, from which the user fetches it."""
    epochs: float
    summary: str
    """What its own clock counts, and what else a reader of its figures should know."""
    driven: Literal["main", "hooks"] = "main"
    """By its `main(run, model)`, or by its `setup()` and `train(model, extra, context)`."""
    on_cpu: bool = False
    """Whether it runs in the port to the CPU."""


_AIRBENCH_CLOCK = "its own clock leaves out the data's way to the device"
_PEERS = (
    Peer(
        name="airbench94_muon",
        source="KellerJordan/cifar10-airbench, airbench94_muon.py",
        epochs=8,
        summary=f"evaluates with six views of every test image; {_AIRBENCH_CLOCK}",
        on_cpu=True,
    ),
    Peer(
        name="hiverge",
        source="fulcrumresearch/cifar-10-speedrun, base/cifar10_speedrun.py",
        epochs=7.65,
        summary="gives six views only to the quarter of the test images that it is least sure of, which it "
        f"picks by looking at all of them; {_AIRBENCH_CLOCK}",
    ),
    Peer(
        name="fulcrum-e1",
        source="fulcrumresearch/cifar-10-speedrun, runners/recipes/e1.py",
        epochs=8.875,
        summary="has no evaluation of its own and gets that of its repository's harness: six views in fp16 "
        "without compilation, here of all test images; its own clock counts training alone",
        driven="hooks",
    ),
)
PEERS = {peer.name: peer for peer in _PEERS}
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


def check_peer(peer: Peer, script: Path, device: str) -> None:
    """Raise DawnbenchError if the file does not exist, or the peer is for another device."""
    if not script.is_file():
        raise DawnbenchError(f"{script} is not a file; fetch {peer.name} from {peer.source}")
    if device == "cpu" and not peer.on_cpu:
        raise DawnbenchError(f"{peer.name} runs on CUDA only; measure with --device cuda")


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
