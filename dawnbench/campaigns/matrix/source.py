"""Where a campaign's requests come from."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol

from dawnbench.records.campaign import AttemptRecord, RunRequest

Fits = Callable[[str], bool]
"""Whether a request for this device can start now."""


Allows = Callable[[RunRequest | None], bool]
"""Whether a request may start at all, as time is left; None is one of programs that no request had before."""


class Source(Protocol):
    """Gives requests one by one, and may look at results before it gives the next one."""

    def next(self, fits: Fits) -> RunRequest | None:
        """Return the next request among those that can start now; None if there is none at the moment.

        It is asked again after each attempt's end; the campaign ends if none runs and there is none.
        """

    def ended(self, request: RunRequest, last: AttemptRecord) -> None:
        """Hear that a request has its result, or gets no further attempt."""


class MatrixSource:
    """Requests that are all known at the start."""

    def __init__(self, requests: Iterable[RunRequest], allows: Allows) -> None:
        self._waiting, self._allows = list(requests), allows

    def next(self, fits: Fits) -> RunRequest | None:
        """Return the first waiting request that can start now."""
        for place, request in enumerate(self._waiting):
            if fits(request.device) and self._allows(request):
                return self._waiting.pop(place)
        return None

    def ended(self, request: RunRequest, last: AttemptRecord) -> None:
        """Do nothing: no request depends on a result."""
