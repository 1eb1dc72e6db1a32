"""Writes a campaign's folder: its plan, every attempt, and the run folders with results."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, fields, replace
from pathlib import Path

from dawnbench.campaigns.matrix.job import Executor, Performed, TrialJob
from dawnbench.campaigns.matrix.outcomes import Verdict, judge
from dawnbench.campaigns.matrix.worker import now
from dawnbench.errors import DawnbenchError
from dawnbench.records.bounds import finite
from dawnbench.records.campaign import (
    ATTEMPTS,
    ATTEMPTS_FILE,
    CAMPAIGN_FILE,
    RECIPES,
    RESULTS,
    RUNS,
    AttemptRecord,
    Campaign,
    CampaignRecord,
    CampaignStatus,
    RunRequest,
    read_campaign,
)
from dawnbench.records.files import read_bytes, write
from dawnbench.records.index import is_run_folder
from dawnbench.records.lines import LineFile
from dawnbench.records.process import this_process
from dawnbench.records.schema import SCHEMA_VERSION
from dawnbench.records.search import SearchRecord
from dawnbench.version import __version__

try:
    import fcntl
except ImportError:  # Windows: nothing keeps two commands from writing to one folder
    fcntl = None  # type: ignore[assignment]

LOCK = "campaign.lock"
LOCK_SECONDS = 15.0
"""How long to wait for the trials of a campaign that was just killed to end."""
QUEUES = ("slurm",)
"""Executors whose jobs go on without the campaign's process."""
RECIPE_LIMIT = 4_000_000
"""Bytes of a recipe's file."""


class CampaignFolder:
    """The folder of one campaign, which this process alone writes to.

    Every method raises DawnbenchError if the disk refuses something.
    """

    def __init__(self, path: Path, campaign: Campaign, lock: int | None) -> None:
        """Open the files, and write campaign.json; `lock` is what `_locked` returned."""
        self.path = path
        self._lock = lock
        self._record = campaign.record
        self._cells = {request.id: request.cell for request in campaign.record.requests}
        self._attempts: dict[str, AttemptRecord] = {}
        self._counts: Counter[str] = Counter()
        self._results: set[str] = set()
        for attempt in campaign.attempts:
            self._note(attempt)
        for name in (RUNS, ATTEMPTS, RECIPES, ATTEMPTS_FILE):
            if (path / name).is_symlink():
                raise DawnbenchError(
                    f"{path / name} is a link, which may lead anywhere; put a copy in its place"
                )
        try:
            (path / RUNS).mkdir(exist_ok=True)
            self._lines = LineFile(path / ATTEMPTS_FILE)
            if not _ends_with_line(self._lines.path):
                self._lines.append("\n", force=True)
        except OSError as error:
            raise DawnbenchError(f"cannot write to {path} ({error.strerror})") from error
        self._write_record()

    @property
    def campaign(self) -> Campaign:
        """What the folder holds."""
        return Campaign(self.path, self._record, tuple(self._attempts.values()))

    @property
    def counts(self) -> tuple[int, int]:
        """How many requests have a result, and how many are planned."""
        return len(self._results), len(self._record.requests)

    def add(self, request: RunRequest) -> None:
        """Add a request to the plan, if it is new."""
        if request not in self._record.requests:
            self._cells[request.id] = request.cell
            self._record = replace(self._record, requests=(*self._record.requests, request))
            self._write_record()

    def next_attempt(self, request: str) -> AttemptRecord:
        """Return the record of an attempt that starts now, which has neither a line nor a folder yet."""
        number = self._counts[request] + 1
        while os.path.lexists(self.path / ATTEMPTS / f"{request}-{number}"):
            number += 1
        return AttemptRecord(request, number, "running", now())

    def start(self, request: RunRequest) -> TrialJob:
        """Record the start of an attempt at a request and return its job."""
        attempt = self.next_attempt(request.id)
        out = self.path / ATTEMPTS / attempt.folder
        try:
            out.mkdir(parents=True)
        except OSError as error:
            raise DawnbenchError(f"cannot make {out} ({error.strerror})") from error
        self._append(attempt)
        recipe = request.recipe
        if recipe.endswith(".py"):
            recipe = str((self.path / RECIPES / recipe).resolve())
        tags = (f"campaign={self._record.name}",)
        return TrialJob(request, attempt.attempt, recipe, out.resolve(), tags, self._lock)

    def end(self, job: TrialJob, performed: Performed, *, stopped: bool = False) -> AttemptRecord:
        """Move a result to the other runs, and record what the attempt came to.

        `stopped` means that the campaign itself ended it.
        """
        attempt = AttemptRecord(
            request=job.request.id,
            attempt=job.attempt,
            outcome="running",
            started=performed.started,
            ended=performed.ended,
            host=performed.host,
            worker=performed.worker,
            device=performed.device,
            marks=performed.marks,
            restarts=performed.restarts,
        )
        return self.settle(attempt, judge(job.out, performed, stopped=stopped))

    def settle(self, attempt: AttemptRecord, verdict: Verdict) -> AttemptRecord:
        """Move a result to the other runs, and record the verdict on an attempt."""
        run = verdict.run
        if verdict.outcome in RESULTS and run is not None:
            run = self._moved(run, self.path / ATTEMPTS / attempt.folder, self._cells[attempt.request])
        attempt = replace(
            attempt,
            outcome=verdict.outcome,
            run=None if run is None else run.name,
            reason=verdict.reason,
            marks=(*attempt.marks, *verdict.marks),
        )
        self._append(attempt)
        return attempt

    def close(self, status: CampaignStatus) -> None:
        """Note how the campaign ended, and close its files."""
        self._lines.close()
        try:
            self._record = replace(self._record, status=status)
            self._write_record()
        finally:
            if self._lock is not None:
                os.close(self._lock)

    def _moved(self, run: Path, out: Path, cell: str) -> Path:
        """Move a run folder to the others, remove the rest of its attempt's folder, and return its place."""
        if run.parent.resolve() == (self.path / RUNS).resolve():
            return run
        start, _, digits = run.name.rpartition("-")
        target = self.path / RUNS / f"{start}-{cell}-{digits}"
        try:
            run.rename(target)
        except OSError as error:
            raise DawnbenchError(f"cannot move {run} to {target} ({error.strerror})") from error
        with suppress(OSError):  # what stays there does no harm
            for left in out.iterdir():
                if left.is_symlink() or not left.is_dir():
                    left.unlink()
                elif not is_run_folder(left):
                    shutil.rmtree(left)
            out.rmdir()
        return target

    def _append(self, attempt: AttemptRecord) -> None:
        try:
            self._lines.append(json.dumps(finite(asdict(attempt))) + "\n", force=True)
        except OSError as error:
            raise DawnbenchError(f"cannot write {self._lines.path} ({error.strerror})") from error
        self._note(attempt)

    def _note(self, attempt: AttemptRecord) -> None:
        self._attempts[attempt.folder] = attempt
        self._counts[attempt.request] = max(attempt.attempt, self._counts[attempt.request])
        self._results |= {attempt.request} if attempt.outcome in RESULTS else set()

    def _write_record(self) -> None:
        write(json.dumps(finite(asdict(self._record)), indent=1) + "\n", self.path / CAMPAIGN_FILE)


def begin(
    path: Path,
    name: str,
    requests: Sequence[RunRequest],
    recipes: Mapping[str, bytes],
    *,
    retries: int,
    executor: Executor,
    search: SearchRecord | None = None,
) -> CampaignFolder:
    """Make the folder of a new campaign; `recipes` are the recipe files that it runs, by path.

    Raises:
        DawnbenchError: the folder has a campaign already, or cannot be written.
    """
    lock = _locked(path)
    if (path / CAMPAIGN_FILE).exists():
        raise DawnbenchError(
            f"{path} already has a campaign; go on with it by --resume, or name another folder with --out"
        )
    for place, content in recipes.items():
        write(content, path / RECIPES / place)
    record = CampaignRecord(
        schema_version=SCHEMA_VERSION,
        dawnbench_version=__version__,
        name=name,
        created=now(),
        status="running",
        retries=retries,
        executor=executor.name,
        requests=tuple(requests),
        process=this_process(),
        search=search,
    )
    return CampaignFolder(path, Campaign(path, record), lock)


def resume(
    path: Path,
    _name: str,
    requests: Sequence[RunRequest],
    recipes: Mapping[str, bytes],
    *,
    retries: int,
    executor: Executor,
    search: SearchRecord | None = None,
) -> CampaignFolder:
    """Go on with the campaign in a folder, whose plan may have gained requests but lost none.

    Raises:
        DawnbenchError: there is none, it still runs, its plan has other requests, or a recipe has changed.
    """
    from dawnbench.campaigns.matrix.recovery import recover

    read_campaign(path)  # a folder without a campaign is left as it is
    lock = _locked(path)
    found = read_campaign(path)
    _check_search(path, found.record.search, search)
    if search is not None:
        requests = found.record.requests
    if missing := set(found.record.requests) - set(requests):
        raise DawnbenchError(
            f"the campaign file no longer plans {len(missing)} of the trials of {path}, such as "
            f"{min(map(str, missing))}; undo the change, or name another folder with --out"
        )
    for place, content in recipes.items():
        copy = path / RECIPES / place
        if not copy.exists():
            write(content, copy)
        elif read_bytes(copy, RECIPE_LIMIT) != content:
            raise DawnbenchError(
                f"the recipe {place} has changed since the campaign in {path} began; undo the change, or "
                "name another folder with --out"
            )
    if found.record.executor in QUEUES and executor.name != found.record.executor:
        raise DawnbenchError(
            f"jobs of {path} may still be in the queue of {found.record.executor}; resume it there"
        )
    record = replace(
        found.record,
        status="running",
        retries=retries,
        executor=executor.name,
        requests=tuple(requests),
        process=this_process(),
        search=search,
    )
    folder = CampaignFolder(path, replace(found, record=record), lock)
    left = [attempt for attempt in found.attempts if attempt.outcome == "running"]
    executor.abandon([path / ATTEMPTS / attempt.folder for attempt in left])
    recover(folder)
    return folder


def _check_search(path: Path, before: SearchRecord | None, now: SearchRecord | None) -> None:
    """Check that a resumed campaign searches what it searched before, except for the number of candidates."""
    known = None if before is None or now is None else replace(before, candidates=now.candidates)
    if known != now or (before is None) != (now is None):
        changed = (
            []
            if known is None or now is None
            else [
                field.name for field in fields(now) if getattr(now, field.name) != getattr(known, field.name)
            ]
        )
        raise DawnbenchError(
            f"the search of the campaign file differs from that in {path}"
            + (f" ({', '.join(changed)})" if changed else "")
            + "; undo the change, or name another folder with --out"
        )


def _locked(path: Path) -> int | None:
    """Make and lock a folder, so that one process at a time works on it; None if the system cannot lock.

    The trials of this machine inherit the lock: a campaign whose process was killed is locked until they end.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
        lock = os.open(path / LOCK, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o666)
    except OSError as error:
        raise DawnbenchError(f"cannot write to {path} ({error.strerror})") from error
    deadline = time.monotonic() + LOCK_SECONDS
    while fcntl is not None:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return lock
        except BlockingIOError:
            if time.monotonic() > deadline:
                os.close(lock)
                raise DawnbenchError(
                    f"a campaign is running in {path}, or trials of it are; wait for its end, or stop it"
                ) from None
            time.sleep(0.2)
        except OSError:  # a file system without locks
            break
    os.close(lock)
    return None


def _ends_with_line(path: Path) -> bool:
    with path.open("rb") as file:
        if file.seek(0, os.SEEK_END) == 0:
            return True
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"
