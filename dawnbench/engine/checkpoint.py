"""Checkpoints: a trial's whole state in a file, from which another process goes on with the trial."""

from __future__ import annotations

import io
import math
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import IO, Any

import torch

from dawnbench.engine.distributed import SINGLE, Ranks, failing_together
from dawnbench.engine.hooks import EpochResult, Hook, Progress
from dawnbench.engine.trial import Trial
from dawnbench.errors import DawnbenchError
from dawnbench.grace import Grace
from dawnbench.records.files import check_target, open_regular, replacing

CHECKPOINT_NAME = "checkpoint.pt"
VERSION = 2
MAX_BYTES = 200_000_000_000
DELETE = "delete it to start the trial again from its seed"


class WithinEpochError(KeyboardInterrupt):
    """An interrupt after a step in the middle of an epoch, whose state is still to be saved."""


@dataclass(frozen=True)
class CheckpointFacts:
    """Which trial a checkpoint belongs to."""

    trial: int
    """Counted from 1."""
    seed: int
    recipe_digest: str
    fingerprint: str
    """Of the data."""


class Checkpoint(Hook):
    """Saves the trial's state every few epochs, and when an interrupt waits for it on any rank.

    All ranks save together, into one file that rank 0 writes.
    """

    segment = "checkpoint"

    def __init__(
        self, path: Path, every: int, facts: CheckpointFacts, grace: Grace, ranks: Ranks = SINGLE
    ) -> None:
        """Save to `path` every `every` epochs, and at once if the grace is over."""
        self._path, self._every, self._facts = path, every, facts
        self._grace, self._ranks, self._stopping = grace, ranks, False
        self.saved = False
        """Whether there is a file of this trial."""

    def after_step(self, trial: Progress, step: int) -> None:
        """Interrupt the trial if a signal is waiting; after an epoch's last step `after_epoch` does.

        Raises:
            WithinEpochError: one is; the caller calls `save_and_interrupt` in a segment of its own.
        """
        self._stopping = self._ranks.any_lately(self._grace.is_over)
        if self._stopping and trial.is_within_epoch:
            raise WithinEpochError

    def is_due(self, trial: Progress) -> bool:
        """Return whether the trial goes on and an epoch to save has ended."""
        return not trial.is_last_epoch and (trial.epoch % self._every == 0 or self._stopping)

    def after_epoch(self, trial: Progress, result: EpochResult) -> None:
        """Save the state unless the trial has diverged, and end the grace.

        Raises:
            KeyboardInterrupt: a signal was waiting.
            DawnbenchError: the file cannot be written.
        """
        if math.isfinite(result.train_loss):
            self._save(trial)
        self._end_grace()

    def save_and_interrupt(self, trial: Progress) -> None:
        """Save the state in the middle of an epoch, and end the grace.

        Raises:
            KeyboardInterrupt: the signal that was waiting.
            DawnbenchError: the file cannot be written.
        """
        self._save(trial)
        self._end_grace()

    def _end_grace(self) -> None:
        self._grace.end()
        if self._stopping:
            raise KeyboardInterrupt("another rank was told to stop")

    def _save(self, trial: Progress) -> None:
        """Save the state of all ranks.

        Raises:
            DawnbenchError: the file cannot be written.
        """
        state = trial.state_dict()
        with failing_together(self._ranks):
            if self._ranks.rank == 0:
                self._write(state)
        self.saved = True

    def _write(self, state: dict[str, Any]) -> None:
        """Write the state aside and rename it, so that there is always a whole file."""
        try:
            with replacing(self._path) as file:
                torch.save({"version": VERSION, **asdict(self._facts), "state": state}, file)
                file.flush()
                os.fsync(file.fileno())
        except (OSError, RuntimeError) as error:
            why = " ".join(str(error).split())
            raise DawnbenchError(
                f"cannot write {self._path}: {why}; free disk space, or omit --checkpoint-every"
            ) from error

    def delete(self) -> None:
        """Delete the file, if there is one, since its trial has ended."""
        if self._ranks.rank == 0:
            self._path.unlink(missing_ok=True)


@dataclass(frozen=True)
class SavedTrial:
    """What a checkpoint's file holds."""

    path: Path
    facts: CheckpointFacts
    state: dict[str, Any]

    @property
    def epoch(self) -> int:
        """Complete epochs."""
        return self.state["epoch"]  # type: ignore[no-any-return]

    def load(self, trial: Trial) -> None:
        """Set a trial of the same recipe, data and hooks to the saved state.

        Raises:
            DawnbenchError: the state does not fit.
        """
        with _explained(self.path):
            trial.load_state_dict(self.state)


def read_checkpoint(path: Path, device: torch.device, ranks: Ranks = SINGLE) -> SavedTrial | None:
    """Return a checkpoint with its tensors on the device; None if there is no such file.

    Only tensors, numbers and text are read, and nothing in the file is executed. Rank 0 reads it for all.

    Raises:
        DawnbenchError: it is a link, or not a checkpoint that this version knows.
    """
    if ranks.rank == 0 and os.path.lexists(path):
        check_target(path)
    with _explained(path), _opened(path, ranks) as file:
        if file is None:
            return None
        content = torch.load(file, map_location=partial(_restored, device), weights_only=True)
        if content.pop("version") != VERSION:
            raise ValueError("another version of dawnbench wrote it")
        state = content.pop("state")
        saved = SavedTrial(path, CheckpointFacts(**content), state)
        numbers = saved.facts.trial, saved.facts.seed, state["epoch"]
        if not all(isinstance(number, int) for number in numbers):
            raise ValueError("a number in it is not one")
    return saved


@contextmanager
def _opened(path: Path, ranks: Ranks) -> Iterator[IO[bytes] | None]:
    """Open the file on rank 0 and a copy in memory on the other ranks; return None if it is missing."""
    if ranks.rank or not os.path.lexists(path):
        yield _in_memory(ranks.from_first(None))
        return
    with open_regular(path, MAX_BYTES) as file:
        if ranks.size > 1:
            ranks.from_first(file.read())
            file.seek(0)
        yield file


def _in_memory(content: bytes | None) -> IO[bytes] | None:
    return None if content is None else io.BytesIO(content)


def _restored(device: torch.device, storage: Any, location: str) -> Any:
    """Return a tensor's bytes on the device, unless they were in host memory, as a generator's state is."""
    place = "cpu" if location == "cpu" else str(device)
    return torch.serialization.default_restore_location(storage, place)


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Turn whatever is wrong with a file that anyone may have written into a sentence."""
    try:
        yield
    except Exception as error:
        why = " ".join(str(error).split())[:200] or type(error).__name__
        raise DawnbenchError(f"{path} cannot be used: {why}; {DELETE}") from error
