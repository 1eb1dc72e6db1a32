"""The two kinds of side: each as the command of a turn and a reader of what that command prints."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

from benchmarks.peers.child import Request
from benchmarks.peers.known import Peer
from benchmarks.peers.lines import Measured


class Side(Protocol):
    """What takes turns."""

    @property
    def name(self) -> str: ...

    def command(self, trials: int, seed: int) -> list[str]:
        """Return what runs so many trials in a process of their own, the first from that seed."""

    def read(self, line: str) -> Measured | None:
        """Return the trial that a line of the command's output tells of; None for other lines."""


@dataclass(frozen=True)
class Ours:
    """A recipe, by the command line as anybody would run it."""

    name: str
    """The recipe's, or the path of its file."""
    settings: tuple[str, ...]
    """KEY=VALUE each."""
    data: str
    device: str
    runs: Path
    """Where the run folders go."""

    def command(self, trials: int, seed: int) -> list[str]:
        words = [sys.executable, "-m", "dawnbench", "run", self.name, "--json", "--out", str(self.runs)]
        words += ["--data", self.data, "--device", self.device]
        words += ["--trials", str(trials), "--seed", str(seed)]
        return words + [word for setting in self.settings for word in ("--set", setting)]

    def read(self, line: str) -> Measured | None:
        event = json.loads(line)
        if event["event"] != "trial" or event["status"] not in ("finished", "diverged"):
            return None
        finished = event["status"] == "finished"
        return Measured(
            seed=event["seed"],
            strict_seconds=event["seconds"]["strict"] if finished else None,
            own_seconds=None,
            accuracy=event["accuracy"] if finished else 0.0,
            epoch_seconds=tuple(s["length_ns"] / 1e9 for s in event["segments"] if s["name"] == "train"),
            whole=True,
        )


@dataclass(frozen=True)
class Theirs:
    """A peer's script."""

    peer: Peer
    script: Path
    data: str
    device: str
    epochs: int | None
    """Of each trial; None for all."""

    @property
    def name(self) -> str:
        return self.peer.name

    def command(self, trials: int, seed: int) -> list[str]:
        request = Request(
            self.name, str(self.script), self.data, self.device, trials=trials, seed=seed, epochs=self.epochs
        )
        return [sys.executable, "-m", "benchmarks.peers.child", json.dumps(asdict(request))]

    def read(self, line: str) -> Measured | None:
        told: dict[str, Any] = json.loads(line)
        return Measured(**told | {"epoch_seconds": tuple(told["epoch_seconds"])})
