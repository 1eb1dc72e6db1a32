"""What is written of every trial and turn, a JSON line each, as it ends."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from dawnbench.errors import DawnbenchError


@dataclass(frozen=True)
class Measured:
    """One trial, as its process reports it."""

    seed: int
    strict_seconds: float | None
    """Under the `strict` rule; estimated from the epochs where `whole` is false, None where it diverged."""
    own_seconds: float | None
    """By the script's own clock; for a recipe of ours None."""
    accuracy: float | None
    """On all test images, 0 to 1; 0 where it diverged, None where it was not trained to its end."""
    epoch_seconds: tuple[float, ...]
    """Training time of each epoch; empty where looking would hold the device up."""
    whole: bool
    """Whether the trial was trained to its end."""


@dataclass(frozen=True)
class TrialLine:
    """One trial and its place in the measurement."""

    side: str
    """The peer's or the recipe's name."""
    turn: int
    """Counted from 1 over all sides."""
    trial: int
    """Counted from 1 within the side."""
    measured: Measured


@dataclass(frozen=True)
class TurnLine:
    """One turn of one side, and what the device did meanwhile."""

    side: str
    turn: int
    began: str
    """UTC, ISO 8601."""
    seconds: float
    """The whole process, start included."""
    problem: str | None
    """Why it ended before its last trial."""
    readings: dict[str, dict[str, Any]]
    """By metric: mean, peak and unit over the turn."""
    throttle_reasons: tuple[str, ...]


class Lines:
    """A file of JSON lines that loses nothing when the program is killed."""

    def __init__(self, path: Path) -> None:
        """Create the file.

        Raises:
            DawnbenchError: there is one already.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._file = path.open("x", encoding="utf-8")
        except FileExistsError as error:
            raise DawnbenchError(
                f"{path} holds an earlier measurement; move it away or give another --out"
            ) from error

    def append(self, event: str, fields: Any) -> None:
        """Write a line and see it on the disk."""
        known = fields if isinstance(fields, dict) else asdict(fields)
        self._file.write(json.dumps({"event": event} | known) + "\n")
        self._file.flush()
        os.fsync(self._file.fileno())

    def close(self) -> None:
        self._file.close()
