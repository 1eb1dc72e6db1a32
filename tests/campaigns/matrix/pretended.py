"""An executor whose trials take no time: a function says what each comes to."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from dawnbench.campaigns.matrix.job import Performed, TrialJob
from dawnbench.campaigns.matrix.worker import now
from dawnbench.records.campaign import REQUEST_TAG
from dawnbench.records.schema import Segment, TrialRecord
from tests.records.examples import TRIAL
from tests.records.folders import make_run


@dataclass(frozen=True)
class Came:
    """What a trial comes to."""

    seconds: float | None = 1.0
    """To the target; None if it is not reached."""
    accuracy: float = 0.95
    diverged: bool = False
    fails: str = ""
    """The sentence with which it fails."""
    hangs: bool = False
    """Whether it runs until it is stopped."""


Trial = Callable[[dict[str, str], int], Came]
"""Gets the settings and the seed."""


class Pretended:
    """Runs jobs in threads."""

    name = "local"

    def __init__(self, trial: Trial, slots: int = 1, interrupted_after: int | None = None) -> None:
        self._trial, self._slots, self._interrupted_after = trial, slots, interrupted_after
        self._busy = 0
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._threads = ThreadPoolExecutor(slots)
        self.ran: list[str] = []
        """The requests, in the order of their starts."""
        self.frees_itself = True
        """Whether there is room again as soon as a job has ended, rather than when `free` is called."""

    def check(self, device: str) -> None:
        pass

    def has_room(self, device: str) -> bool:
        with self._lock:
            return self._busy < self._slots

    def submit(self, job: TrialJob) -> Future[Performed]:
        with self._lock:
            self._busy += 1
        if len(self.ran) == self._interrupted_after:
            raise KeyboardInterrupt
        self.ran.append(str(job.request))
        return self._threads.submit(self._run, job)

    def abandon(self, outs: Sequence[Path]) -> None:
        pass

    def stop(self) -> None:
        self._stopped.set()

    def close(self) -> None:
        self._threads.shutdown()

    def free(self) -> None:
        """Make room for another job."""
        with self._lock:
            self._busy -= 1

    def _run(self, job: TrialJob) -> Performed:
        request = job.request
        came = self._trial(dict(setting.split("=", 1) for setting in request.settings), request.seed)
        if came.hangs:
            self._stopped.wait()
        elif not came.fails:
            name = f"20260203T040506Z-{request.recipe}-{request.id[:6]}{request.seed}"
            tags = {REQUEST_TAG: request.id}
            make_run(job.out / name, (record(came, request.seed),), tags=tags, seed=request.seed)
        if self.frees_itself:
            self.free()
        return Performed(2 if came.fails else 0, came.fails, now(), now())


def record(came: Came, seed: int) -> TrialRecord:
    """Return the line of a trial in trials.jsonl."""
    spent = 3.0 if came.seconds is None else came.seconds
    return replace(
        TRIAL,
        seed=seed,
        status="diverged" if came.diverged else "finished",
        reason="the loss is not finite" if came.diverged else None,
        seconds={"dawnbench": came.seconds, "airbench": spent, "strict": spent, "cold": None},
        segments=(Segment("train", 1, 0, int(spent * 1e9)),),
        epochs_to_target=None if came.seconds is None else 1,
        accuracy=None if came.diverged else came.accuracy,
    )
