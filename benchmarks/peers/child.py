"""One turn of one peer in its own process: `python -m benchmarks.peers.child REQUEST` prints JSON lines."""

from __future__ import annotations

import json
import os
import sys
from contextlib import redirect_stdout
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.peers.by_hooks import ByHooks
from benchmarks.peers.by_main import ByMain
from benchmarks.peers.data import FOLDER, serve
from benchmarks.peers.known import find_peer
from benchmarks.peers.port import load_peer
from dawnbench.data.sources import load_dataset


@dataclass(frozen=True)
class Request:
    """What a turn is to measure; it travels to the process as JSON."""

    peer: str
    script: str
    data: str
    device: str
    trials: int
    seed: int
    """Of the first trial; each later one adds 1."""
    epochs: int | None
    """Of each trial; None for all."""


def measure(request: Request) -> None:
    """Run the trials and print each one's line as it ends."""
    peer = find_peer(request.peer)
    script = Path(request.script).resolve()
    dataset = load_dataset(request.data)
    lines = sys.stdout
    with TemporaryDirectory() as folder, redirect_stdout(sys.stderr):
        load = serve(dataset, Path(folder))
        os.chdir(folder)
        os.environ["CIFAR_DATA"] = FOLDER
        sys.argv = [str(script)]  # the scripts read themselves by it
        module = load_peer(script, request.device, load)
        if peer.driven == "main":
            driver: ByMain | ByHooks = ByMain(peer, module, request.device, request.epochs)
        else:
            driver = ByHooks(module, request.device)
        driver.warm_up()
        for seed in range(request.seed, request.seed + request.trials):
            print(json.dumps(asdict(driver.trial(seed))), file=lines, flush=True)
        os.chdir("/")  # a folder in use cannot be removed everywhere


if __name__ == "__main__":
    measure(Request(**json.loads(sys.argv[1])))
