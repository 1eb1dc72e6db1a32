"""Makes the folder of a campaign or goes on with one, and keeps other processes out of it."""

from __future__ import annotations

import os
import time
from dataclasses import fields, replace
from pathlib import Path

from dawnbench.campaigns.matrix.file import CampaignPlan
from dawnbench.campaigns.matrix.folder import CampaignFolder
from dawnbench.campaigns.matrix.job import Executor
from dawnbench.campaigns.matrix.recovery import recover
from dawnbench.campaigns.matrix.worker import now
from dawnbench.errors import DawnbenchError
from dawnbench.records.campaign import (
    ATTEMPTS,
    CAMPAIGN_FILE,
    RECIPES,
    Campaign,
    CampaignRecord,
    read_campaign,
)
from dawnbench.records.files import read_bytes, write
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


def begin(path: Path, plan: CampaignPlan, executor: Executor, retries: int) -> CampaignFolder:
    """Make the folder of a new campaign, with the recipe files that it runs.

    Raises:
        DawnbenchError: the folder has a campaign already, or cannot be written.
    """
    lock = _locked(path)
    if (path / CAMPAIGN_FILE).exists():
        raise DawnbenchError(
            f"{path} already has a campaign; go on with it by --resume, or name another folder with --out"
        )
    for place, content in plan.recipes.items():
        write(content, path / RECIPES / place)
    record = CampaignRecord(
        schema_version=SCHEMA_VERSION,
        dawnbench_version=__version__,
        name=plan.name,
        created=now(),
        status="running",
        retries=retries,
        executor=executor.name,
        requests=plan.requests,
        process=this_process(),
        search=plan.searched,
    )
    return CampaignFolder(path, Campaign(path, record), lock)


def resume(path: Path, plan: CampaignPlan, executor: Executor, retries: int) -> CampaignFolder:
    """Go on with the campaign in a folder, whose plan may have gained requests but lost none.

    Raises:
        DawnbenchError: there is none, it still runs, its plan has other requests, or a recipe has changed.
    """
    read_campaign(path)  # a folder without a campaign is left as it is
    lock = _locked(path)
    found = read_campaign(path)
    _check_search(path, found.record.search, plan.searched)
    # A search has made its own requests.
    requests = plan.requests if plan.searched is None else found.record.requests
    if missing := set(found.record.requests) - set(requests):
        raise DawnbenchError(
            f"the campaign file no longer plans {len(missing)} of the trials of {path}, such as "
            f"{min(map(str, missing))}; undo the change, or name another folder with --out"
        )
    for place, content in plan.recipes.items():
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
        requests=requests,
        process=this_process(),
        search=plan.searched,
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
