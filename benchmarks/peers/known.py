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
    """A public script."""

    name: str
    source: str
    """Repository and path, from which the user fetches it."""
    driven: Literal["main", "hooks"]
    """By its `main(run, model)`, or by its `setup()` and `train(model, extra, context)`."""
    epochs: float
    """Of a whole trial."""
    on_cpu: bool
    """Whether it runs in the port to the CPU."""
    own_clock: str
    """What the script's own time counts."""
    note: str
    """What else a reader of its figures should know."""


_OWN = "whitening, training and the final evaluation; not the data's way to the device"
_SPEEDRUN = "fulcrumresearch/cifar-10-speedrun,"
PEERS = {
    peer.name: peer
    for peer in (
        Peer(
            *("airbench94_muon", "KellerJordan/cifar10-airbench, airbench94_muon.py", "main", 8, True, _OWN),
            note="evaluates with six views of every test image",
        ),
        Peer(
            *("hiverge", f"{_SPEEDRUN} base/cifar10_speedrun.py", "main", 7.65, False, _OWN),
            note="gives six views only to the quarter of the test images that it is least sure of, "
            "which it picks by looking at all of them",
        ),
        Peer(
            *("fulcrum-e1", f"{_SPEEDRUN} runners/recipes/e1.py", "hooks", 8.875, False),
            own_clock="reset, whitening, every epoch's batches and training, which its repository calls "
            "compute-honest; not the data's way to the device, not the evaluation",
            note="has no evaluation of its own; under `strict` it gets the evaluation of its repository's "
            "harness, six views in fp16 without compilation, here on all test images",
        ),
    )
}


def find_peer(name: str) -> Peer:
    """Return the peer of that name.

    Raises:
        DawnbenchError: the peer is unknown.
    """
    if name not in PEERS:
        raise DawnbenchError(f"no peer is called {name!r}; the known ones are {', '.join(PEERS)}")
    return PEERS[name]


def parse_peer(given: str, device: str) -> tuple[Peer, Path]:
    """Return the peer and its script of a NAME=PATH.

    Raises:
        DawnbenchError: it is not NAME=PATH, the peer or file does not exist, or the peer is for another
            device.
    """
    name, separator, path = given.partition("=")
    if not separator:
        raise DawnbenchError(f"{given!r} is not a peer; give NAME=PATH, such as airbench94_muon=script.py")
    peer, script = find_peer(name), Path(path).expanduser()
    if not script.is_file():
        raise DawnbenchError(f"{path!r} is not a file; fetch {name} from {peer.source}")
    if device == "cpu" and not peer.on_cpu:
        raise DawnbenchError(f"{name} runs on CUDA only; leave it out, or measure with --device cuda")
    return peer, script.resolve()
