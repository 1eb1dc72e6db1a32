"""What a campaign's folder holds besides its run folders: campaign.json, the plan, and attempts.jsonl.

`runs` in it has the run folders with results, one per request; `attempts` has what attempts without a result
left behind, each in a folder of its own.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, TypeAdapter, ValidationError

from dawnbench.errors import DawnbenchError
from dawnbench.records.bounds import Count, Ordinal, Seed, Text
from dawnbench.records.files import CAMPAIGN_FILES, LINES_LIMIT, open_regular
from dawnbench.records.process import is_gone
from dawnbench.records.reader import damaged, read_versioned
from dawnbench.records.schema import ProcessRecord
from dawnbench.records.search import SearchRecord

CAMPAIGN_FILE, ATTEMPTS_FILE = CAMPAIGN_FILES
RUNS, ATTEMPTS, RECIPES = "runs", "attempts", "recipes"
"""The folders in a campaign's folder."""
REQUEST_TAG = "request"
"""The tag by which a run folder names the request that it answers."""
ID_DIGITS, CELL_DIGITS = 12, 5

Outcome = Literal["running", "finished", "diverged", "failed", "died", "interrupted"]
"""`failed` is the trial's own fault, such as data that is missing; `died` is what happened to it: it was
killed, ran out of memory or lost its machine."""
RESULTS: tuple[Outcome, ...] = ("finished", "diverged")
"""The outcomes that leave a run folder in `runs`."""
CampaignStatus = Literal["running", "finished", "interrupted", "failed", "died"]
"""`died` is what a reader calls a campaign whose process ended without noting how."""
RequestState = Literal["waiting", "running", "finished", "diverged", "failed", "died", "interrupted"]


def _plain_name(name: str) -> str:
    if name in ("", ".", "..") or set(name) & set("/\\\0"):
        raise ValueError("it must be the name of a folder, without the way to it")
    return name


FolderName = Annotated[Text, AfterValidator(_plain_name)]
"""Of a folder in the campaign's folder, which no name may lead out of."""


@dataclass(frozen=True, slots=True)
class RunRequest:
    """One trial to run: a recipe with settings, a seed and a device."""

    recipe: Text
    """Its name, or the path of its file within the campaign's folder `recipes`."""
    settings: tuple[Text, ...] = ()
    """`path=value`, as `dawnbench run --set` takes them."""
    seed: Seed = 0
    device: Text = "auto"

    @property
    def id(self) -> str:
        """Twelve hexadecimal digits, the same for equal requests wherever and whenever they are made."""
        return _digest([self.recipe, sorted(self.settings), self.seed, self.device])[:ID_DIGITS]

    @property
    def cell(self) -> str:
        """Five hexadecimal digits, the same for requests that differ in their seeds only.

        The names of their run folders have them, so that a glob such as `runs/*-1f3a9-*` pools them.
        """
        return _digest([self.recipe, sorted(self.settings), self.device])[:CELL_DIGITS]

    def __str__(self) -> str:
        return " ".join((self.recipe, *self.settings, f"seed {self.seed}", f"on {self.device}"))


@dataclass(frozen=True, slots=True)
class CampaignRecord:
    """The campaign as a whole: campaign.json."""

    schema_version: int
    dawnbench_version: Text
    name: Text
    created: Text
    """UTC, ISO 8601."""
    status: CampaignStatus
    retries: Count
    """How often a trial that dies is tried again."""
    executor: Text
    """What ran the trials last: local, ray or slurm."""
    requests: tuple[RunRequest, ...]
    """Those planned so far, none twice; a search adds its own as it goes."""
    process: ProcessRecord | None = None
    """The process that hands out the trials; None if the system does not reveal it."""
    search: SearchRecord | None = None
    """None if all requests were planned at the start."""


@dataclass(frozen=True, slots=True)
class Restart:
    """A start of an attempt that came to nothing: its machine was taken away, and it was queued again."""

    started: Text
    """UTC, ISO 8601."""
    ended: Text
    host: Text


@dataclass(frozen=True, slots=True)
class AttemptRecord:
    """One attempt at a request. It has a line as it starts and one as it ends, of which the last counts."""

    request: FolderName
    """The request's id."""
    attempt: Ordinal
    """Counted from 1 for each request, over all resumptions."""
    outcome: Outcome
    started: Text
    """UTC, ISO 8601; on a cluster the time of submission until the attempt has ended."""
    ended: Text | None = None
    host: Text | None = None
    """Of the worker that ran it; None if unknown."""
    worker: Text | None = None
    """Which one on that host, such as a process or a job; None if unknown."""
    device: Text | None = None
    """The device that it had to itself, or shared as `marks` say; None if unknown."""
    run: FolderName | None = None
    """The run folder's name; None if there is none."""
    reason: Text | None = None
    """Why there is no result."""
    marks: tuple[Text, ...] = ()
    """What makes its times doubtful, one sentence each, such as other processes on its GPU."""
    restarts: tuple[Restart, ...] = ()
    """Starts before the one that counts, if a queue requeued it."""

    @property
    def folder(self) -> str:
        """The name of its folder in `attempts`."""
        return f"{self.request}-{self.attempt}"


@dataclass(frozen=True)
class Campaign:
    """What a campaign's folder holds."""

    folder: Path
    record: CampaignRecord
    attempts: tuple[AttemptRecord, ...] = ()
    """The last line of each, in the order of their starts."""
    warnings: tuple[str, ...] = ()
    """What could not be read, one sentence each."""
    _by_request: dict[str, list[AttemptRecord]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        for attempt in self.attempts:
            self._by_request.setdefault(attempt.request, []).append(attempt)

    def attempts_at(self, request: RunRequest) -> Sequence[AttemptRecord]:
        """Return the attempts at a request, in their order."""
        return self._by_request.get(request.id, ())

    def result(self, request: RunRequest) -> AttemptRecord | None:
        """Return the attempt that gave the request's result; None if it has none."""
        return next((one for one in self.attempts_at(request) if one.outcome in RESULTS), None)

    def state(self, request: RunRequest) -> RequestState:
        """Return how far a request has come; one whose campaign is gone does not run any more."""
        attempts = self.attempts_at(request)
        if not attempts:
            return "waiting"
        outcome = attempts[-1].outcome if (result := self.result(request)) is None else result.outcome
        return "died" if outcome == "running" and self.record.status != "running" else outcome

    def run_folder(self, attempt: AttemptRecord) -> Path | None:
        """Return the run folder of an attempt, which may not be there any more; None if it left none."""
        if attempt.run is None:
            return None
        if attempt.outcome in RESULTS:
            return self.folder / RUNS / attempt.run
        return self.folder / ATTEMPTS / attempt.folder / attempt.run


def read_campaign(folder: Path) -> Campaign:
    """Return what a campaign's folder holds; a line that cannot be read is left out, with a warning.

    Raises:
        DawnbenchError: it is not a campaign's folder, or campaign.json is damaged or newer than this version.
    """
    record = _read_record(folder)
    if record.status == "running" and is_gone(record.process):
        # It may have noted its end after it was read.
        record = _read_record(folder)
        record = replace(record, status="died") if record.status == "running" else record
    attempts, warnings = _read_attempts(folder / ATTEMPTS_FILE)
    return Campaign(folder, record, attempts, warnings)


def _read_record(folder: Path) -> CampaignRecord:
    path = folder / CAMPAIGN_FILE
    content = read_versioned(path, f"{folder} is not a campaign's folder: cannot read {CAMPAIGN_FILE}")
    try:
        record: CampaignRecord = _adapter(CampaignRecord).validate_python(content)
    except ValidationError as error:
        raise damaged(path, error) from error
    return record


def _read_attempts(path: Path) -> tuple[tuple[AttemptRecord, ...], tuple[str, ...]]:
    found: dict[str, AttemptRecord] = {}
    warnings = []
    try:
        with open_regular(path, LINES_LIMIT) as file:
            for number, line in enumerate(file, 1):
                try:
                    attempt: AttemptRecord = _adapter(AttemptRecord).validate_json(line)
                except ValueError:
                    torn = not line.endswith(b"\n")
                    why = "is torn (the campaign was killed while writing it)" if torn else "is damaged"
                    warnings.append(f"{path.name}, line {number} {why} and left out")
                    continue
                found[attempt.folder] = attempt
    except FileNotFoundError:
        pass  # nothing has started
    except OSError as error:
        raise DawnbenchError(f"cannot read {path} ({error.strerror})") from error
    return tuple(found.values()), tuple(warnings)


def _digest(content: Any) -> str:
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)
