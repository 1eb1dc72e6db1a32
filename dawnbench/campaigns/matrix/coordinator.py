"""Hands a campaign's requests to an executor, and tries again what died."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from dawnbench.campaigns.matrix.file import CampaignPlan
from dawnbench.campaigns.matrix.folder import CampaignFolder
from dawnbench.campaigns.matrix.job import Executor, Performed, TrialJob
from dawnbench.campaigns.matrix.opening import begin, resume
from dawnbench.campaigns.matrix.source import MatrixSource, Source
from dawnbench.campaigns.matrix.time_limit import TimeLimit, program_of
from dawnbench.errors import DawnbenchError
from dawnbench.records.campaign import AttemptRecord, CampaignStatus, RunRequest


@dataclass(frozen=True, slots=True)
class EndedAttempt:
    """An attempt that has ended, and how far the campaign is with it."""

    request: RunRequest
    attempt: AttemptRecord
    again: bool
    """Whether the request is tried again."""
    done: int
    """Requests that have a result."""
    asked: int
    """Requests planned so far."""


Ended = Callable[[EndedAttempt], None]
"""Hears of each attempt's end."""


def run_campaign(
    plan: CampaignPlan,
    path: Path,
    executor: Executor,
    *,
    retries: int,
    resuming: bool,
    ended: Ended,
    limit: TimeLimit | None = None,
    study: Path | None = None,
) -> None:
    """Run what a campaign file asks for in the folder `path`, and return at its end.

    A request that has its result on record does not run again; the others do, whatever became of them. With a
    `limit` what shares compiled programs runs back to back. `study` is a file through which campaigns share a
    search.

    Raises:
        DawnbenchError: a request cannot run here, the folder is not as it should be, or it cannot be written.
        KeyboardInterrupt: re-raised after the running trials have been stopped and recorded.
    """
    try:
        for device in plan.devices:
            executor.check(device)
        opened = (resume if resuming else begin)(path, plan, executor, retries)
    except BaseException:
        executor.close()
        raise
    try:
        source = _source(plan, opened, limit, study)
    except BaseException:
        executor.close()
        opened.close("failed")
        raise
    Coordinator(opened, source, executor, retries, ended, limit).run()


def _source(
    plan: CampaignPlan, folder: CampaignFolder, limit: TimeLimit | None, study: Path | None
) -> Source:
    allows = _any if limit is None else limit.allows
    if plan.search is None:
        campaign = folder.campaign
        left = [one for one in campaign.record.requests if campaign.result(one) is None]
        if limit is not None:
            places = {program_of(one): place for place, one in reversed(list(enumerate(left)))}
            left.sort(key=lambda one: (places[program_of(one)], one.settings))
        return MatrixSource(left, allows)
    # Optuna takes long to import.
    from dawnbench.campaigns.matrix.search import SearchSource

    return SearchSource(plan.search.record, plan.search.first, folder, allows, study)


def _any(_request: RunRequest | None) -> bool:
    return True


class Coordinator:
    """One sitting of a campaign: from its start, or from where an earlier one stopped, to its end."""

    def __init__(
        self,
        folder: CampaignFolder,
        source: Source,
        executor: Executor,
        retries: int,
        ended: Ended,
        limit: TimeLimit | None = None,
    ) -> None:
        self._folder, self._source, self._executor = folder, source, executor
        self._retries, self._ended, self._limit = retries, ended, limit
        self._running: dict[Future[Performed], TrialJob] = {}
        self._again: list[RunRequest] = []
        self._deaths: Counter[str] = Counter()

    def run(self) -> None:
        """Run until no request is left, or until the time limit, at which the running trials are stopped.

        Raises:
            DawnbenchError: the folder cannot be written; what was recorded is kept.
            KeyboardInterrupt: re-raised after the running trials have been stopped and recorded.
        """
        status: CampaignStatus = "failed"
        try:
            self._start()
            while self._running:
                left = None if self._limit is None else max(0.0, self._limit.left)
                done, _ = wait(self._running, left, return_when=FIRST_COMPLETED)
                if not done:
                    self._stop()
                    break
                for future in done:
                    self._settle(future)
                self._start()
            status = "finished"
        except KeyboardInterrupt:
            status = "interrupted"
            raise
        finally:
            try:
                if status != "finished":
                    self._stop()
                self._executor.close()
            finally:
                self._folder.close(status)

    def _start(self) -> None:
        while (request := self._next()) is not None:
            job = self._folder.start(request)
            if self._limit is not None:
                self._limit.started(request)
            self._running[self._executor.submit(job)] = job

    def _next(self) -> RunRequest | None:
        fits = self._executor.has_room
        for place, request in enumerate(self._again):
            if fits(request.device) and (self._limit is None or self._limit.allows(request)):
                return self._again.pop(place)
        return self._source.next(fits)

    def _settle(self, future: Future[Performed]) -> None:
        job = self._running[future]
        attempt = self._folder.end(job, future.result())
        del self._running[future]
        request = job.request
        if self._limit is not None:
            self._limit.ended(request)
        if attempt.outcome == "died":
            self._deaths[request.id] += 1
        again = attempt.outcome == "died" and self._deaths[request.id] <= self._retries
        self._tell(request, attempt, again)
        if again:
            self._again.append(request)
        else:
            self._source.ended(request, attempt)

    def _stop(self) -> None:
        self._executor.stop()
        for future, job in self._running.items():
            performed = future.result()
            with suppress(DawnbenchError):  # if the disk is full, the first failure is the one to report
                self._tell(job.request, self._folder.end(job, performed, stopped=True), False)

    def _tell(self, request: RunRequest, attempt: AttemptRecord, again: bool) -> None:
        self._ended(EndedAttempt(request, attempt, again, *self._folder.counts))
