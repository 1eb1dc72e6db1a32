"""Step changes in the history of one series: runs of the same recipe on the same device and data."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, partial

import numpy as np

from dawnbench.stats.ranks import mann_whitney

MIN_RUNS = 3
"""On either side of a step: one or two runs may just have met a busy machine."""
PENALTY = 6.0
"""For each step, times the noise's variance times the log of the number of runs. The Bayesian information
criterion uses 2 to 3 if the variance is known; here it is estimated from few runs, and a false step sends
somebody on a search. With 6, at most 2 in 100 histories of 6 to 200 runs of pure noise show a step."""
NOISE_FLOOR = 0.002
"""Relative: histories that scarcely vary would otherwise show steps of a thousandth."""
ALPHA = 0.01
"""Of the rank test between both sides of a step, as for every verdict here."""
SPREAD_OVER = 20
"""Runs; a longer history has more places to find a false step, so `ALPHA` is divided among them."""


@dataclass(frozen=True, slots=True)
class Step:
    """A place in a history where the times move to another level."""

    place: int
    """Index of the first run on the new level, counted from 0."""
    before: float
    """Median time of the runs on the old level, in seconds."""
    after: float
    """The same on the new level."""
    runs: tuple[int, int]
    """How many are on the old level and on the new one."""
    p_value: float
    """Two-sided, of the Mann-Whitney test between the two levels. The place was searched for, so this
    measures how clear the step is; it is not an error rate."""

    @property
    def change(self) -> float:
        """The new level over the old one, minus 1."""
        return self.after / self.before - 1


def step_changes(seconds: Sequence[float]) -> tuple[Step, ...]:
    """Return the steps in the times of successive runs (one mean each, above zero), earliest first.

    PELT (Killick, Fearnhead and Eckley 2012; by ruptures) finds the levels of the log times that cost least:
    a level costs its squared deviations, and each step a penalty from the noise between neighbouring runs.
    Because a single outlying run would shift a mean, a step counts only if the rank test agrees; the step
    with the largest p-value is dropped first. On the log scale 5 % is 5 % at any speed.

    Raises:
        ValueError: a time is not finite or not above zero.
    """
    if not all(math.isfinite(time) and time > 0 for time in seconds):
        raise ValueError("the times of a history must be finite and above zero")
    times = np.log(np.asarray(seconds, dtype=float))
    if times.size < 2 * MIN_RUNS:
        return ()
    places = _proposed(times)
    alpha = ALPHA * min(1.0, SPREAD_OVER / times.size)
    # Dropping one step changes only its neighbours.
    measured = cache(partial(_step, np.asarray(seconds, dtype=float)))
    while places:
        found = [measured(*around) for around in _neighbours(places, times.size)]
        weakest = max(found, key=lambda step: step.p_value)
        if weakest.p_value < alpha:
            return tuple(found)
        places.remove(weakest.place)
    return ()


def _noise(times: np.ndarray) -> float:
    """Return the standard deviation of log times (n,) around their levels; never below `NOISE_FLOOR`.

    From the mean absolute difference of neighbours (2 / sqrt(pi) standard deviations for normal noise): a
    step enters it once, and not squared. The median would miss times that jump now and then with the number
    of epochs they take to the target.
    """
    between = np.mean(np.abs(np.diff(times))) * math.sqrt(math.pi) / 2
    return max(float(between), NOISE_FLOOR)


def _proposed(times: np.ndarray) -> list[int]:
    # Slow to import, and only a long enough history needs it.
    from ruptures import KernelCPD  # type: ignore[import-untyped]

    penalty = PENALTY * _noise(times) ** 2 * math.log(times.size)
    # The linear kernel's cost is that of a mean; this solver of PELT is the compiled one.
    solver = KernelCPD(kernel="linear", min_size=MIN_RUNS).fit(times.reshape(-1, 1))
    return [int(place) for place in solver.predict(pen=penalty)[:-1]]


def _neighbours(places: Sequence[int], runs: int) -> list[tuple[int, int, int]]:
    """Return each place with the places before and after it, or the ends of the history."""
    edges = [0, *places, runs]
    return list(zip(edges, edges[1:], edges[2:], strict=False))


def _step(seconds: np.ndarray, start: int, place: int, stop: int) -> Step:
    before, after = seconds[start:place], seconds[place:stop]
    return Step(
        place=place,
        before=float(np.median(before)),
        after=float(np.median(after)),
        runs=(before.size, after.size),
        p_value=mann_whitney(before.tolist(), after.tolist(), "two-sided"),
    )
