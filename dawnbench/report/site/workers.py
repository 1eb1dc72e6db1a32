"""Tasks that do not depend on each other, on every core that this process may use."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from types import TracebackType
from typing import TypeVar

MIN_TASKS = 24
"""Below it, starting further processes takes longer than they save."""
SHARES = 8
"""In so many shares each process gets its tasks: more of them even out better, fewer pass on less."""

Task = TypeVar("Task")
Result = TypeVar("Result")


class Workers:
    """Processes that are started when there is enough to do for the first time, and end with the block."""

    def __init__(self, processes: int | None = None) -> None:
        self._processes = processes or _cores()
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> Workers:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def map(self, do: Callable[[Task], Result], tasks: Sequence[Task]) -> list[Result]:
        """Return what a function of a module makes of each task, in their order."""
        if self._processes == 1 or len(tasks) < MIN_TASKS:
            return [do(task) for task in tasks]
        if self._pool is None:
            self._pool = ProcessPoolExecutor(self._processes)
        share = max(1, len(tasks) // (self._processes * SHARES))
        return list(self._pool.map(do, tasks, chunksize=share))


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
