"""One attempt at a trial on its way through an executor."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from dawnbench.records.campaign import REQUEST_TAG, Restart, RunRequest


@dataclass(frozen=True, slots=True)
class TrialJob:
    """What an executor is to run."""

    request: RunRequest
    attempt: int
    """Counted from 1."""
    recipe: str
    """What `dawnbench run` takes: a name, or the absolute path of a file."""
    out: Path
    """An empty folder of its own, in which the run folder is to be."""
    tags: tuple[str, ...]
    """`key=value` to record with the run."""
    lock: int | None = None
    """An open file that the trial's process is to inherit if it is on this machine."""

    def arguments(self, device: str, notes: Sequence[str] = ()) -> list[str]:
        """Return the arguments of `dawnbench run` without the recipe and --out."""
        request = self.request
        tags = (*self.tags, f"{REQUEST_TAG}={request.id}")
        return [
            *("--trials=1", f"--seed={request.seed}", f"--device={device}", "--json"),
            *(f"--set={setting}" for setting in request.settings),
            *(f"--tag={tag}" for tag in tags),
            *(f"--note={note}" for note in notes),
        ]


@dataclass(frozen=True, slots=True)
class Performed:
    """What came of a job; whatever it recorded is in its folder by then."""

    status: int | None
    """The exit status of `dawnbench run`, negative for a signal; None if its worker was lost."""
    reason: str
    """The last line that it wrote to standard error, or how its worker was lost; empty if it said nothing."""
    started: str
    """UTC, ISO 8601."""
    ended: str
    host: str | None = None
    worker: str | None = None
    """Which worker on that host."""
    device: str | None = None
    """The device that it ran on."""
    marks: tuple[str, ...] = ()
    """What its times were exposed to, one sentence each."""
    restarts: tuple[Restart, ...] = ()
    """Earlier starts of a queued job whose machine was taken away."""


class Executor(Protocol):
    """Runs jobs on whatever it has; the coordinator hands it one only if there is room."""

    name: str
    """local, ray or slurm."""

    def check(self, device: str) -> None:
        """Raise DawnbenchError if no request for this device can ever run here."""

    def has_room(self, device: str) -> bool:
        """Return whether a request for this device can be handed over now."""

    def abandon(self, outs: Sequence[Path]) -> None:
        """End what an earlier sitting of the campaign left running in these folders of attempts."""

    def submit(self, job: TrialJob) -> Future[Performed]:
        """Start a job; its future holds no exception for whatever happens to the job."""

    def stop(self) -> None:
        """End the jobs that run; their futures are then done, or soon will be."""

    def close(self) -> None:
        """Release the workers; no job runs any more."""
