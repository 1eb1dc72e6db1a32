"""How far a campaign has come, and what its results are so far."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from dawnbench.errors import DawnbenchError
from dawnbench.records.campaign import (
    AttemptRecord,
    Campaign,
    CampaignStatus,
    RequestState,
    RunRequest,
)
from dawnbench.records.listed import Listed, read_listed

RULE = "dawnbench"
"""The timing rule of the times that are shown."""


@dataclass(frozen=True, slots=True)
class Cell:
    """The requests that differ in their seeds only."""

    id: str
    """Five hexadecimal digits that the names of its run folders have."""
    recipe: str
    settings: tuple[str, ...]
    device: str
    states: Mapping[RequestState, int]
    """How many requests are in each state."""
    reached: int
    """Results in which an epoch reached the target."""
    seconds: float | None
    """Mean time under the rule `dawnbench` of those; None if there are none."""
    accuracy: float | None
    """Mean validation accuracy after the last epoch, 0 to 1, of the results that have one."""

    @property
    def asked(self) -> int:
        """How many requests there are."""
        return sum(self.states.values())

    @property
    def done(self) -> int:
        """How many have a result."""
        return self.states.get("finished", 0) + self.states.get("diverged", 0)


@dataclass(frozen=True, slots=True)
class Progress:
    """A campaign at a glance."""

    name: str
    folder: str
    status: CampaignStatus
    executor: str
    """local, ray or slurm."""
    states: Mapping[RequestState, int]
    """How many requests are in each state."""
    attempts: int
    """All that have started."""
    cells: tuple[Cell, ...]
    running: tuple[tuple[RunRequest, AttemptRecord], ...]
    without_result: tuple[tuple[RunRequest, AttemptRecord], ...]
    """Requests whose last attempt ended without a result."""
    marks: Mapping[str, int]
    """What makes times doubtful, with how many results it concerns."""
    warnings: tuple[str, ...]
    """What could not be read, one sentence each."""

    @property
    def asked(self) -> int:
        """How many requests there are."""
        return sum(self.states.values())

    @property
    def done(self) -> int:
        """How many have a result."""
        return self.states.get("finished", 0) + self.states.get("diverged", 0)


def progress_of(campaign: Campaign) -> Progress:
    """Return how far a campaign has come; a run folder that cannot be read is left out, with a warning."""
    warnings = list(campaign.warnings)
    cells: dict[tuple[str, tuple[str, ...], str], list[RunRequest]] = {}
    running, without, marks = [], [], Counter[str]()
    for request in campaign.record.requests:
        cells.setdefault((request.recipe, request.settings, request.device), []).append(request)
        state = campaign.state(request)
        if state == "running":
            running.append((request, campaign.attempts_at(request)[-1]))
        elif state in ("failed", "died", "interrupted"):
            without.append((request, campaign.attempts_at(request)[-1]))
        elif (result := campaign.result(request)) is not None:
            marks.update(result.marks)
    shown = tuple(_cell(campaign, key, requests, warnings) for key, requests in cells.items())
    record = campaign.record
    return Progress(
        name=record.name,
        folder=str(campaign.folder),
        status=record.status,
        executor=record.executor,
        states=_states(campaign, record.requests),
        attempts=len(campaign.attempts),
        cells=shown,
        running=tuple(running),
        without_result=tuple(without),
        marks=marks,
        warnings=tuple(warnings),
    )


def _states(campaign: Campaign, requests: Sequence[RunRequest]) -> dict[RequestState, int]:
    return dict(Counter(map(campaign.state, requests)))


def _cell(
    campaign: Campaign,
    key: tuple[str, tuple[str, ...], str],
    requests: Sequence[RunRequest],
    warnings: list[str],
) -> Cell:
    runs = _results(campaign, requests, warnings)
    seconds = [s for run in runs if run.reached and (s := run.median_seconds.get(RULE)) is not None]
    accuracies = [run.accuracy for run in runs if run.accuracy is not None]
    return Cell(
        requests[0].cell,
        *key,
        states=_states(campaign, requests),
        reached=sum(run.reached for run in runs),
        seconds=fmean(seconds) if seconds else None,
        accuracy=fmean(accuracies) if accuracies else None,
    )


def _results(campaign: Campaign, requests: Sequence[RunRequest], warnings: list[str]) -> list[Listed]:
    found = []
    for request in requests:
        result = campaign.result(request)
        folder = None if result is None else campaign.run_folder(result)
        if folder is not None:
            try:
                found.append(read_listed(folder))
            except DawnbenchError as error:
                warnings.append(str(error))
    return found
