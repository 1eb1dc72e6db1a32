"""The face that every experiment tracker shows, and what it is told."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, Protocol, TypeVar

from dawnbench.errors import DawnbenchError
from dawnbench.records.schema import RunStatus, TrialStatus

Leaf = str | int | float | bool
Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Point:
    """Figures of one moment."""

    step: int
    """The epoch, counted from 1; of telemetry, the milliseconds since the trial began."""
    at: float
    """Seconds since 1970, by the clock of the machine that ran."""
    figures: Mapping[str, float]
    """By name, all of them finite; fractions are 0 to 1."""


@dataclass(frozen=True, slots=True)
class RunFacts:
    """What a tracker is told of a run before its first trial."""

    name: str
    """Of the run folder."""
    key: str
    """16 hexadecimal digits that stand for the name where a tracker takes no other letters."""
    project: str
    """The recipe's name as part of a file's name: what is worth one chart."""
    began: float
    """Seconds since 1970."""
    parameters: Mapping[str, Leaf]
    """The recipe's leaves by their paths."""
    tags: Mapping[str, str]
    """The device, the data and the software."""


@dataclass(frozen=True, slots=True)
class TrialFacts:
    """What a tracker is told of a trial as it begins."""

    number: int
    """Counted from 1."""
    name: str
    """Unlike that of any other trial of the run, and in the order of the numbers."""
    seed: int
    began: float
    """Seconds since 1970."""


@dataclass(frozen=True, slots=True)
class TrialOutcome:
    """What a trial came to."""

    status: TrialStatus
    result: Point
    """Its time under each rule, accuracies, energy and telemetry; its step is the trial's number."""
    tags: Mapping[str, str]
    """Why it ended early, throttled or is doubtful, as far as it did, throttled or is."""


class Tracker(Protocol):
    """Takes one run, as it goes on or afterwards; the library behind it is imported by `begin_run`.

    The calls come in this order: `begin_run`; for each trial `begin_trial`, any number of `log_epochs` and,
    unless the run was killed, `end_trial`; `log_telemetry` for some of the trials; `finish`. What was called
    is on the disk when a call returns, or when `finish` does, and no thread or process is at work in between.
    A run that the store holds already is replaced. Any exception of the library's may come out.
    """

    def begin_run(self, run: RunFacts) -> None:
        """Open the store and take the run in."""

    def begin_trial(self, trial: TrialFacts) -> None:
        """Take in that a trial begins."""

    def log_epochs(self, trial: TrialFacts, points: Sequence[Point]) -> None:
        """Take in epochs, in order."""

    def end_trial(self, trial: TrialFacts, outcome: TrialOutcome) -> None:
        """Take in what a trial came to."""

    def log_telemetry(self, trial: TrialFacts, points: Sequence[Point]) -> None:
        """Take in what the sensors showed during a trial, in order."""

    def finish(self, status: RunStatus, at: float) -> str:
        """Close the run, which ended `at` seconds since 1970; return how to look at it."""


def require(package: str) -> None:
    """Look whether a tracker's package is there, without importing it.

    Raises:
        DawnbenchError: it is not.
    """
    if find_spec(package) is None:
        raise DawnbenchError(f"{package} is not installed; pip install 'dawnbench[{package}]'")


def load(module: str) -> Any:
    """Return a module of a tracker's package, imported.

    Raises:
        DawnbenchError: the package is not installed.
    """
    require(module.partition(".")[0])
    return importlib.import_module(module)


def chunks(items: Sequence[Item], size: int) -> Iterator[Sequence[Item]]:
    """Yield the items in their order, at most `size` at a time."""
    for first in range(0, len(items), size):
        yield items[first : first + size]
