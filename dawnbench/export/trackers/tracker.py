"""The interface of an experiment tracker, and the data that it receives."""

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
    """Figures at one moment."""

    step: int
    """The epoch, counted from 1; for telemetry, the milliseconds since the trial began."""
    at: float
    """Seconds since 1970, by the clock of the machine that ran."""
    figures: Mapping[str, float]
    """By name, all of them finite; fractions are 0 to 1."""


@dataclass(frozen=True, slots=True)
class RunFacts:
    """What a tracker receives about a run before its first trial."""

    name: str
    """The name of the run folder."""
    key: str
    """16 hexadecimal digits that replace the name if a tracker accepts no other characters."""
    project: str
    """The recipe's name, safe in a file name; its runs share one chart."""
    began: float
    """Seconds since 1970."""
    parameters: Mapping[str, Leaf]
    """The recipe's leaves by their paths."""
    tags: Mapping[str, str]
    """The device, the data and the software."""
    user_tags: Mapping[str, str]
    """The user's own labels for the run, under keys that are not the tracker's own."""


@dataclass(frozen=True, slots=True)
class TrialFacts:
    """What a tracker receives about a trial when it begins."""

    number: int
    """Counted from 1."""
    name: str
    """Unique within the run; sorts in the order of the numbers."""
    seed: int
    began: float
    """Seconds since 1970."""


@dataclass(frozen=True, slots=True)
class TrialOutcome:
    """The result of a trial."""

    status: TrialStatus
    result: Point
    """Its time under each rule, accuracies, energy and telemetry; its step is the trial's number."""
    tags: Mapping[str, str]
    """Why it ended early, was throttled or is doubtful, if so."""


class Tracker(Protocol):
    """Receives one run, during it or afterwards; `begin_run` imports the tracker's library.

    The calls come in this order: `begin_run`; for each trial `begin_trial`, any number of `log_epochs` and,
    unless the run was killed, `end_trial`; `log_telemetry` for some of the trials; `finish`. Data is on
    the disk when the call returns, or when `finish` does, and no thread or process is active in between.
    A run that the store already holds is replaced. Any exception of the library may be raised.
    """

    def begin_run(self, run: RunFacts) -> None:
        """Open the store and begin the run."""

    def begin_trial(self, trial: TrialFacts) -> None:
        """Begin a trial."""

    def log_epochs(self, trial: TrialFacts, points: Sequence[Point]) -> None:
        """Write epochs, in order."""

    def end_trial(self, trial: TrialFacts, outcome: TrialOutcome) -> None:
        """Write the result of a trial."""

    def log_telemetry(self, trial: TrialFacts, points: Sequence[Point]) -> None:
        """Write the telemetry of a trial, in order."""

    def finish(self, status: RunStatus, at: float) -> str:
        """Close the run, which ended `at` seconds since 1970; return how to look at it."""


def require(package: str) -> None:
    """Check that a tracker's package is installed, without importing it.

    Raises:
        DawnbenchError: it is not installed.
    """
    if find_spec(package) is None:
        raise DawnbenchError(f"{package} is not installed; pip install 'dawnbench[{package}]'")


def load(module: str) -> Any:
    """Import and return a module of a tracker's package.

    Raises:
        DawnbenchError: the package is not installed.
    """
    require(module.partition(".")[0])
    return importlib.import_module(module)


def chunks(items: Sequence[Item], size: int) -> Iterator[Sequence[Item]]:
    """Yield the items in their order, at most `size` at a time."""
    for first in range(0, len(items), size):
        yield items[first : first + size]
