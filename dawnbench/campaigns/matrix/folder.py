"""Writes a campaign's folder: its plan, every attempt, and the run folders with results."""

from __future__ import annotations

import json
import os
import shutil
from collections import Counter
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path

from dawnbench.campaigns.matrix.job import Performed, TrialJob
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
    CampaignStatus,
    RunRequest,
)
from dawnbench.records.files import write
from dawnbench.records.index import is_run_folder
from dawnbench.records.lines import LineFile


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


def _ends_with_line(path: Path) -> bool:
    with path.open("rb") as file:
        if file.seek(0, os.SEEK_END) == 0:
            return True
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"
