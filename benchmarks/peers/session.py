"""The trials of a peer, recorded in a run folder as those of a recipe are."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.peers.drive import ByHooks, ByMain
from benchmarks.peers.scripts import FOLDER, TARGET, Peer, load_peer, serve
from dawnbench.campaigns.recorder import Recorder
from dawnbench.campaigns.recording import Recording, data_record
from dawnbench.campaigns.runner import run_trials
from dawnbench.campaigns.startup import Startup
from dawnbench.data.sources import load_dataset
from dawnbench.engine.device import open_device
from dawnbench.engine.ledger import Ledger
from dawnbench.records.rules import RULES_BY_NAME
from dawnbench.records.schema import ModelRecord, Segment, TrialStatus
from dawnbench.report.display import JsonLinesDisplay

HERTZ = 5.0
"""Enough for a mean over a trial, and light: a peer's own Python launches its kernels."""


class PeerSession(Recording):
    """The trials, in this process; the line of each is printed as it ends, as `run --json` does."""

    _steps = 1

    def __init__(
        self, peer: Peer, script: Path, data: str, device: str, out: Path, *, trials: int, seed: int
    ) -> None:
        display = JsonLinesDisplay(sys.stdout)
        command = ("python", "-m", "benchmarks.peers")
        super().__init__(
            open_device(device), out=out.resolve(), observer=display, command=command, startup=Startup()
        )
        self._peer, self._script, self._dataset = peer, script, load_dataset(data)
        self._trials_asked, self._seed = trials, seed

    def run(self) -> None:
        with redirect_stdout(sys.stderr):  # a script may print anything
            run_trials(self, self._device, self._trials_asked, hertz=HERTZ)

    def warm_up(self) -> None:
        """Load the script where it finds its data, and compile."""
        self._place = TemporaryDirectory()  # removed when the process ends
        os.chdir(self._place.name)
        os.environ["CIFAR_DATA"] = FOLDER
        sys.argv = [str(self._script)]  # the scripts read their own source by it
        kind = self._device.torch.type
        module = load_peer(self._script, kind, serve(self._dataset, Path()))
        self._driver = ByMain(module, kind) if self._peer.driven == "main" else ByHooks(module)
        with self.setup.segment("compile"):
            self._driver.warm_up()

    def trial(self, number: int) -> None:
        seed, device, writer = self._seed + number - 1, self._device, self.writer
        recorder = PeerRecorder(number, seed, TARGET, device, self._sampler, writer, self._observer)
        recorder.run(self._driver, self.setup)

    def _described(self) -> dict[str, Any]:
        return {
            "recipe_name": self._peer.name,
            "recipe": asdict(self._peer),
            "recipe_digest": sha256(self._script.read_bytes()).hexdigest(),
            "trials": self._trials_asked,
            "seed": self._seed,
            "target": TARGET,
            "precision": "bf16 autocast" if self._device.torch.type == "cpu" else "as in the script",
            "data": data_record(self._dataset),
            "model": ModelRecord((), 0, 0, None, None),
        }


class PeerRecorder(Recorder):
    """Runs and records one trial."""

    _accuracy: float | None = None
    _own_seconds: float | None = None

    def run(self, driver: ByMain | ByHooks, setup: Ledger) -> None:
        def work() -> None:
            self._accuracy, self._own_seconds = driver.trial(self._seed, self._segment)

        self._run(work, setup, ())

    @contextmanager
    def _segment(self, name: str) -> Iterator[None]:
        """Time the block from and to an idle device: a script may compute on streams of its own."""
        self._device.synchronize()
        with self._ledger.segment(name):
            yield
            self._device.synchronize()

    def _results(self, status: TrialStatus, segments: tuple[Segment, ...]) -> dict[str, Any]:
        # Only this rule holds for a peer: the others need to know when the data went to the device.
        strict = RULES_BY_NAME["strict"].seconds(segments, None) if status == "finished" else None
        own = {} if self._own_seconds is None else {"own": self._own_seconds}
        return {
            "seconds": {"strict": strict, **own},
            "epochs_to_target": None,
            "accuracy": self._accuracy,
            "best_accuracy": self._accuracy,
        }
