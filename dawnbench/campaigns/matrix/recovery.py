"""Finds what came of attempts whose end a killed campaign did not live to record."""

from __future__ import annotations

import re
from pathlib import Path

from dawnbench.campaigns.matrix.folder import CampaignFolder
from dawnbench.campaigns.matrix.outcomes import judge, of_run
from dawnbench.campaigns.matrix.worker import now
from dawnbench.errors import DawnbenchError
from dawnbench.records.campaign import ATTEMPTS, ID_DIGITS, REQUEST_TAG, RESULTS, RUNS, AttemptRecord
from dawnbench.records.index import subfolders
from dawnbench.records.reader import read_record

_ATTEMPT = re.compile(rf"([0-9a-f]{{{ID_DIGITS}}})-([1-9]\d{{0,8}})")


def recover(folder: CampaignFolder) -> None:
    """Record each attempt that has no end on record: a finished run folder counts, wherever it is.

    A run may have been moved without a line about it, or finished without having been moved, and the line
    about an attempt's start may be lost as well.
    """
    campaign = folder.campaign
    requests = {request.id for request in campaign.record.requests}
    settled = {attempt.request for attempt in campaign.attempts if attempt.outcome in RESULTS}
    open_attempts = _open_attempts(folder, requests)
    for run in _subfolders(folder.path / RUNS):
        request = _request_of(run)
        if request is None or request not in requests or request in settled:
            continue
        if (verdict := of_run(run)) is not None:
            own = [attempt for attempt in open_attempts if attempt.request == request]
            folder.settle(own[-1] if own else folder.next_attempt(request), verdict)
            settled.add(request)
            open_attempts = [attempt for attempt in open_attempts if attempt not in own[-1:]]
    for attempt in open_attempts:
        verdict = judge(folder.path / ATTEMPTS / attempt.folder, None)
        if attempt.request in settled and verdict.outcome in RESULTS:
            continue  # a request has one result
        folder.settle(attempt, verdict)
        settled |= {attempt.request} if verdict.outcome in RESULTS else set()


def _open_attempts(folder: CampaignFolder, requests: set[str]) -> list[AttemptRecord]:
    """Return the attempts that have started and not ended, by their lines and by their folders."""
    known = {attempt.folder: attempt for attempt in folder.campaign.attempts}
    begun = [attempt for attempt in known.values() if attempt.outcome == "running"]
    found = [attempt for attempt in begun if attempt.request in requests]
    for path in _subfolders(folder.path / ATTEMPTS):
        if path.name not in known and (parts := _ATTEMPT.fullmatch(path.name)) and parts[1] in requests:
            found.append(AttemptRecord(parts[1], int(parts[2]), "running", now()))
    return sorted(found, key=lambda attempt: (attempt.request, attempt.attempt))


def _subfolders(path: Path) -> list[Path]:
    names = sorted(subfolders(path)) if path.is_dir() else []
    return [path / name for name in names if not (path / name).is_symlink()]


def _request_of(run: Path) -> str | None:
    """Return the id of the request that a run folder answers; None if it says none."""
    try:
        return read_record(run)[0].tags.get(REQUEST_TAG)
    except DawnbenchError:
        return None
