"""Step changes in the history of one series: runs of the same recipe on the same device and data."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, partial

import numpy as np

from dawnbench.stats.ranks import mann_whitney

MIN_RUNS = 3
"""On either side of a step: one run or two may have met a busy machine."""
PENALTY = 6.0
"""Times the noise's variance times the log of the number of runs, for each step. The Bayesian information
criterion asks for 2 to 3 where the variance is known; here it is estimated from few runs, and a false step
costs somebody a search. Of histories of 6 to 200 runs of mere noise, 2 in 100 or fewer then show a step."""
NOISE_FLOOR = 0.002
"""Of a time: histories that scarcely vary would otherwise show steps of a thousandth."""
ALPHA = 0.01
"""Of the rank test on both sides of a step, as for every verdict here."""
SPREAD_OVER = 20
"""A history of more runs than that has more places to be wrong in: `ALPHA` is shared out."""


@dataclass(frozen=True, slots=True)
class Step:
    """A place in a history from which on the times lie at another level."""

    place: int
    """Which run is the first of the new level, counted from 0."""
    before: float
    """Median of the runs' times on the level before, in seconds."""
    after: float
    """The same on the new level."""
    runs: tuple[int, int]
    """On the level before and on the new one."""
    p_value: float
    """Two-sided, of the Mann-Whitney test of the one against the other. The place was sought, so it is a
    measure of how clear the step is and no error rate."""

    @property
    def change(self) -> float:
        """The new level over the old one, less 1."""
        return self.after / self.before - 1


def step_changes(seconds: Sequence[float]) -> tuple[Step, ...]:
    """Return the steps in the times of successive runs (a median each, above zero), the earliest first.

    PELT (Killick, Fearnhead and Eckley 2012; by ruptures) finds the levels of the log times that cost least,
    where a level costs its squared deviations and each step a penalty from the noise between neighbouring
    runs. As a single outlying run would bend a mean, a step counts only if the rank test agrees; the one that
    agrees least is dropped first. On the log scale 5 % are 5 % at any speed.

    Raises:
        ValueError: a time is not finite or not above zero.
    """
    if not all(math.isfinite(time) and time > 0 for time in seconds):
        raise ValueError("the times of a history are finite and above zero")
    times = np.log(np.asarray(seconds, dtype=float))
    if times.size < 2 * MIN_RUNS:
        return ()
    places = _proposed(times)
    alpha = ALPHA * min(1.0, SPREAD_OVER / times.size)
    # Dropping one step leaves all but its neighbours as they were.
    measured = cache(partial(_step, np.asarray(seconds, dtype=float)))
    while places:
        found = [measured(*around) for around in _neighbours(places, times.size)]
        weakest = max(found, key=lambda step: step.p_value)
        if weakest.p_value < alpha:
            return tuple(found)
        places.remove(weakest.place)
    return ()


def _noise(times: np.ndarray) -> float:
    """Return the standard deviation of log times (n,) about their levels; never below `NOISE_FLOOR`.

    From the mean absolute difference of neighbours (of normal noise 2 / sqrt(pi) deviations): a step shows in
    it once and not squared. The median would not see times that jump, now and then, with the number of epochs
    they take to the target.
    """
    between = np.mean(np.abs(np.diff(times))) * math.sqrt(math.pi) / 2
    return max(float(between), NOISE_FLOOR)


def _proposed(times: np.ndarray) -> list[int]:
    # Slow to load, and only a history of some length needs it.
    from ruptures import KernelCPD  # type: ignore[import-untyped]

    penalty = PENALTY * _noise(times) ** 2 * math.log(times.size)
    # The linear kernel's cost is that of a mean; this solver of PELT is the compiled one.
    solver = KernelCPD(kernel="linear", min_size=MIN_RUNS).fit(times.reshape(-1, 1))
    return [int(place) for place in solver.predict(pen=penalty)[:-1]]


def _neighbours(places: Sequence[int], runs: int) -> list[tuple[int, int, int]]:
    """Return each place with those before and behind it, or the ends."""
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
