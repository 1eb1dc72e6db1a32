"""Ends a campaign in time: what would not end before the limit does not start."""

from __future__ import annotations

import time
from collections.abc import Callable

from dawnbench.records.campaign import RunRequest

AS_DATA = ("schedule", "epochs=")
"""How settings begin that programs read as data: trials that differ in these and their seeds share them."""
MARGIN = 1.1
"""By which a trial may take longer than those before it."""


class TimeLimit:
    """Knows how long trials take, and how much time is left."""

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        """Start the clock."""
        self._clock = clock
        self._end = clock() + seconds
        self._started: dict[str, float] = {}
        self._lengths: dict[tuple[str, ...], list[float]] = {}

    @property
    def left(self) -> float:
        """Seconds until the limit; negative after it."""
        return self._end - self._clock()

    def started(self, request: RunRequest) -> None:
        """Note that an attempt begins."""
        self._started[request.id] = self._clock()

    def ended(self, request: RunRequest) -> None:
        """Note that an attempt that began has ended by itself."""
        length = self._clock() - self._started.pop(request.id)
        self._lengths.setdefault(program_of(request), []).append(length)

    def allows(self, request: RunRequest | None) -> bool:
        """Return whether a trial would end in time; None is one of programs that no trial had before."""
        return self.left > MARGIN * self._estimate(request)

    def _estimate(self, request: RunRequest | None) -> float:
        """Return the seconds of the longest comparable attempt; zero if there was none.

        The first attempt with the same programs loads and compiles for those after it.
        """
        known = None if request is None else self._lengths.get(program_of(request))
        if known:
            return max(known[1:] or known)
        of_recipe = [
            lengths[0]
            for program, lengths in self._lengths.items()
            if request is None or program[0] == request.recipe
        ]
        return max(of_recipe or [lengths[0] for lengths in self._lengths.values()], default=0.0)


def program_of(request: RunRequest) -> tuple[str, ...]:
    """Return what requests that share compiled programs have in common."""
    settings = (setting for setting in request.settings if not setting.startswith(AS_DATA))
    return (request.recipe, *settings, request.device)
