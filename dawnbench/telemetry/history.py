"""Samples kept in memory to summarize a time window."""

from __future__ import annotations

import math
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

from dawnbench.records.schema import Reading

# A sample farther from a window than this says nothing about it.
NEAREST_NS = 1_000_000_000


@dataclass(frozen=True)
class Window:
    """The summary of the samples in a time window."""

    samples: int
    readings: dict[str, Reading]
    """By metric; metrics without a value in the window are absent."""
    throttle_reasons: tuple[str, ...]
    """In the order in which they appeared."""


@dataclass(frozen=True)
class Integral:
    """The integral of one metric over a time window, and the readings behind it."""

    readings: int
    lowest: float
    peak: float
    area: float
    """In the metric's unit times seconds: joules for watts."""


@dataclass(frozen=True)
class Gap:
    """A period without a sample."""

    start_ns: int
    length_ns: int


class History:
    """Samples in time order, 8 bytes per value."""

    def __init__(self, units: Mapping[str, str]) -> None:
        self._units = dict(units)
        self._times = array("q")
        self._values = {name: array("d") for name in units}
        self._throttle: list[tuple[str, ...]] = []
        self._known: dict[tuple[str, ...], tuple[str, ...]] = {}

    def __len__(self) -> int:
        return len(self._times)

    def append(self, t_ns: int, values: Mapping[str, float | None], throttle: tuple[str, ...]) -> None:
        """Add a sample; its time must not be before the last one's."""
        self._times.append(t_ns)
        for name, column in self._values.items():
            value = values.get(name)
            column.append(math.nan if value is None else value)
        # The same few tuples recur: keep one of each.
        self._throttle.append(self._known.setdefault(throttle, throttle))

    def forget(self, before_ns: int) -> None:
        """Discard the samples before this time."""
        count = bisect_left(self._times, before_ns)
        del self._times[:count], self._throttle[:count]
        for column in self._values.values():
            del column[:count]

    def window(self, start_ns: int, end_ns: int) -> Window:
        """Summarize the samples from start to end, inclusive.

        A window between two samples uses the nearest one, if it is within a second.
        """
        first, stop = bisect_left(self._times, start_ns), bisect_right(self._times, end_ns)
        if first >= stop:
            first, stop = self._nearest(start_ns, end_ns)
        readings = {}
        for name, column in self._values.items():
            values = [value for value in column[first:stop] if not math.isnan(value)]
            if values:
                readings[name] = Reading(math.fsum(values) / len(values), max(values), self._units[name])
        reasons = dict.fromkeys(reason for reasons in self._throttle[first:stop] for reason in reasons)
        return Window(stop - first, readings, tuple(reasons))

    def integral(self, name: str, start_ns: int, end_ns: int) -> Integral | None:
        """Integrate a metric from start to end, linearly between the readings in the window.

        The first and last readings extend to the ends of the window. None without a reading.
        """
        first, stop = bisect_left(self._times, start_ns), bisect_right(self._times, end_ns)
        column = self._values.get(name, array("d"))[first:stop]
        points = [(t, v) for t, v in zip(self._times[first:stop], column, strict=False) if not math.isnan(v)]
        if not points:
            return None
        values = [value for _, value in points]
        path = [(start_ns, values[0]), *points, (end_ns, values[-1])]
        area = math.fsum((b[0] - a[0]) * (a[1] + b[1]) / 2e9 for a, b in pairwise(path))
        return Integral(len(values), min(values), max(values), area)

    def longest_gap(self, start_ns: int, end_ns: int) -> Gap:
        """Return the longest period from start to end without a sample."""
        first, stop = bisect_left(self._times, start_ns), bisect_right(self._times, end_ns)
        edges = [start_ns, *self._times[first:stop], end_ns]
        return max((Gap(a, b - a) for a, b in pairwise(edges)), key=lambda gap: gap.length_ns)

    def _nearest(self, start_ns: int, end_ns: int) -> tuple[int, int]:
        """Return the index range of the sample nearest to an empty window; an empty range if all are far."""
        after = bisect_right(self._times, end_ns)
        distances = [(start_ns - self._times[after - 1], after - 1)] if after else []
        if after < len(self._times):
            distances.append((self._times[after] - end_ns, after))
        distance, index = min(distances, default=(NEAREST_NS + 1, 0))
        return (index, index + 1) if distance <= NEAREST_NS else (0, 0)
