"""Campaigns whose trials take milliseconds, since `dawnbench run` has a stand-in."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from dawnbench.campaigns.matrix import worker
from tests.campaigns.matrix import stand_in
from tests.records.folders import make_run

FILE = """
recipes = ["davidnet"]
seeds = 3
devices = ["cpu"]
"""


class StandIn:
    """The folder that tells the stand-in what to do, and what it did."""

    def __init__(self, place: Path) -> None:
        self.place = place
        (place / "faults").mkdir(parents=True)
        make_run(place / "template")

    def faults(self, seed: int, *faults: str) -> None:
        """Let the attempts at a seed end like this, one after the other, and later ones well."""
        (self.place / "faults" / str(seed)).write_text(" ".join(faults))

    @property
    def command(self) -> list[str]:
        return [sys.executable, str(Path(stand_in.__file__)), str(self.place)]

    @property
    def ran(self) -> list[list[str]]:
        """`begin` or `end`, the seed and the visible GPUs, in the order in which they happened."""
        path = self.place / "ran"
        return [line.split(maxsplit=2) for line in path.read_text().splitlines()] if path.exists() else []

    def starts(self, seed: int) -> int:
        return sum(line[:2] == ["begin", str(seed)] for line in self.ran)


@pytest.fixture
def trials(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StandIn:
    made = StandIn(tmp_path / "stand-in")
    command = made.command  # a cluster's workers get it by value
    monkeypatch.setattr(worker, "run_command", lambda: command)
    monkeypatch.chdir(tmp_path)
    return made


@pytest.fixture
def write_file(tmp_path: Path) -> Callable[[str], Path]:
    def write(text: str) -> Path:
        path = tmp_path / "nightly.toml"
        path.write_text(text)
        return path

    return write
