"""The peers that can be measured, by name, and what affects the figures of each."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from dawnbench.errors import DawnbenchError

TARGET = 0.94
"""Mean accuracy; all peers are built for it."""


@dataclass(frozen=True)
class Peer:
    """A public script; it is recorded with the run."""

    name: str
    source: str
    """Repository and path, from which the user fetches it."""
    driven: Literal["main", "hooks"]
    """By its `main(run, model)`, or by its `setup()` and `train(model, extra, context)`."""
    epochs: float
    on_cpu: bool
    """Whether it runs in the port to the CPU."""
    summary: str
    """What its own clock counts, and what else a reader of its figures should know."""


_AIRBENCH_CLOCK = "its own clock leaves out the data's way to the device"
PEERS = {
    peer.name: peer
    for peer in (
        Peer(
            name="airbench94_muon",
            source="KellerJordan/cifar10-airbench, airbench94_muon.py",
            driven="main",
            epochs=8,
            on_cpu=True,
            summary=f"evaluates with six views of every test image; {_AIRBENCH_CLOCK}",
        ),
        Peer(
            name="hiverge",
            source="fulcrumresearch/cifar-10-speedrun, base/cifar10_speedrun.py",
            driven="main",
            epochs=7.65,
            on_cpu=False,
            summary="gives six views only to the quarter of the test images that it is least sure of, which "
            f"it picks by looking at all of them; {_AIRBENCH_CLOCK}",
        ),
        Peer(
            name="fulcrum-e1",
            source="fulcrumresearch/cifar-10-speedrun, runners/recipes/e1.py",
            driven="hooks",
            epochs=8.875,
            on_cpu=False,
            summary="has no evaluation of its own and gets that of its repository's harness: six views in "
            "fp16 without compilation, here of all test images; its own clock counts training alone",
        ),
    )
}


def check_peer(peer: Peer, script: Path, device: str) -> None:
    """Refuse what cannot be measured.

    Raises:
        DawnbenchError: the file does not exist, or the peer is for another device.
    """
    if not script.is_file():
        raise DawnbenchError(f"{script} is not a file; fetch {peer.name} from {peer.source}")
    if device == "cpu" and not peer.on_cpu:
        raise DawnbenchError(f"{peer.name} runs on CUDA only; measure with --device cuda")
