"""Whether trials converge as fast as the baseline's, by MLPerf's reference convergence points."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from dawnbench.stats.ranks import least_p_value, mann_whitney
from dawnbench.stats.regression.margins import missing, needs
from dawnbench.stats.regression.reference_point import (
    ALPHA,
    SLOW_ALPHA,
    ConvergencePoint,
    olympic_mean,
    p_value,
    point_of,
    reference_point,
)

__all__ = ["ConvergencePoint", "ConvergenceVerdict", "judge_epochs", "olympic_mean", "reference_point"]

ConvergenceOutcome = Literal["holds", "too fast", "regression", "too few trials"]
NEVER = 1e9
"""Epochs that the checker treats as infinite."""


@dataclass(frozen=True, slots=True)
class ConvergenceVerdict:
    """How a run's epochs to the target compare with a baseline's."""

    outcome: ConvergenceOutcome
    sentence: str
    """What was found, in plain words, with how many trials missed the target."""
    mean: float | None
    """The run's olympic mean in epochs; None with too few trials, or with two or more that missed."""
    point: ConvergencePoint | None
    """What the run was compared with; None with too few trials."""
    p_value: float | None
    """One-sided, on the run's side; None with too few trials."""
    speedup: float | None
    """The baseline's olympic mean over the run's; None without `mean`."""


def judge_epochs(
    run_epochs: Sequence[float | None], reference_epochs: Sequence[float | None]
) -> ConvergenceVerdict:
    """Judge a run's epochs to the target by a baseline's; the order of the trials does not matter.

    As MLPerf's checker does it: a trial that missed the target takes infinitely long, the olympic mean drops
    one such trial, and a mean below the point's minimum is too fast to believe. A mean above the maximum,
    which is our addition, is a regression. Anything but a number above zero and below 1e9 is a miss. A single
    miss of the baseline stays out of its point, since MLPerf's references hold only trials that converged,
    but the sentence counts it.

    If the checker has no answer, or one that no user would want:

    - Two or more misses leave no mean. A Mann-Whitney test then decides, with the misses as the slowest. If
      it finds no regression, the outcome is still "too few trials" if the run misses more often than the
      checker allows (1 of up to 10 trials, 4 of 40) and the baseline does not.
    - A baseline without any spread would fail every run that differs slightly. The run's own spread then
      replaces it. If the run has none either, every difference counts, with a permutation test's p-value.
    - Fewer than three trials on either side, exactly three on both, or fewer than three of the baseline's
      that reached the target cannot be judged.
    """
    run = [_censored(epochs) for epochs in run_epochs]
    baseline = [_censored(epochs) for epochs in reference_epochs]
    reached = [epochs for epochs in baseline if math.isfinite(epochs)]
    if any(missing(len(run), len(reached))):
        return _too_few(run, baseline)
    point = reference_point(reached, len(run))
    if max(_misses(run), _misses(baseline)) > 1:
        return _judge_misses(run, baseline, point)
    return _judge_mean(run, baseline, _with_spread(point, reached, run))


def _judge_mean(run: list[float], baseline: list[float], point: ConvergencePoint) -> ConvergenceVerdict:
    mean = olympic_mean(run)
    trials = len(baseline) - _misses(baseline)
    if point.std:
        p = p_value(mean, point, trials)
    else:
        p = 1.0 if mean == point.mean else least_p_value(len(run), trials, "greater")
    least, most = f"{point.minimum:.2f}", f"{point.maximum:.2f}"
    outcome: ConvergenceOutcome = "holds"
    bounds = f"within the expected {least} to {most}"
    if mean < point.minimum:
        outcome, bounds = "too fast", f"below the plausible minimum of {least}"
    elif mean > point.maximum:
        outcome, bounds = "regression", f"above the expected maximum of {most}"
    words = f"converges in {mean:.2f} epochs, {bounds}, given {_given(baseline, point)}"
    sentence = f"{words}{_missed(run, baseline)} (p = {p:.2g})"
    return ConvergenceVerdict(outcome, sentence, mean, point, p, point.mean / mean)


def _judge_misses(run: list[float], baseline: list[float], point: ConvergencePoint) -> ConvergenceVerdict:
    slower, faster = mann_whitney(run, baseline, "greater"), mann_whitney(run, baseline, "less")
    p = min(slower, faster)
    outcome: ConvergenceOutcome
    if slower < SLOW_ALPHA:
        outcome, words = "regression", "converges later than the baseline"
    elif _misses(run) > _let_pass(run) and _misses(baseline) <= _let_pass(baseline):
        outcome, words = "too few trials", "too many misses for a mean, too few to rule out chance; run more"
    elif faster < ALPHA:
        outcome, words = "too fast", "converges sooner than is plausible"
    else:
        outcome, words = "holds", "no later convergence shown"
    sentence = f"{words}{_missed(run, baseline)} (p = {p:.2g} by ranks)"
    return ConvergenceVerdict(outcome, sentence, None, point, p, None)


def _too_few(run: list[float], baseline: list[float]) -> ConvergenceVerdict:
    words = f"{_trials(run)} against {len(baseline)} cannot show a change in convergence"
    more = needs(len(run), len(baseline) - _misses(baseline))
    sentence = f"{words}{_missed(run, baseline)}; {more}"
    return ConvergenceVerdict("too few trials", sentence, None, None, None, None)


def _with_spread(point: ConvergencePoint, reached: list[float], run: list[float]) -> ConvergencePoint:
    if min(reached) < max(reached):
        return point
    finite = [epochs for epochs in run if math.isfinite(epochs)]
    spread = float(np.std(finite)) if min(finite) < max(finite) else 0.0
    return point_of(point.mean, spread, len(reached), point.runs)


def _given(baseline: list[float], point: ConvergencePoint) -> str:
    reached = [epochs for epochs in baseline if math.isfinite(epochs)]
    if point.std and min(reached) == max(reached):
        return f"the baseline's {point.mean:.2f} without spread and the run's own of {point.std:.2f}"
    return f"the baseline's {point.mean:.2f} +- {point.std:.2f}"


def _missed(run: list[float], baseline: list[float]) -> str:
    """Return how many trials missed the target, as part of a sentence; empty if none did."""
    if not _misses(run) + _misses(baseline):
        return ""
    ours = f"{_misses(run)} of {_trials(run)} missed the target"
    return f"; {ours}, {_misses(baseline)} of {len(baseline)} of the baseline's"


def _trials(run: list[float]) -> str:
    return "1 trial" if len(run) == 1 else f"{len(run)} trials"


def _let_pass(epochs: list[float]) -> int:
    """Return how many misses the checker allows: 1 of up to 10 trials, 4 of 40."""
    return max(1, len(epochs) // 10)


def _misses(epochs: list[float]) -> int:
    return sum(math.isinf(one) for one in epochs)


def _censored(epochs: float | None) -> float:
    return epochs if epochs is not None and 0 < epochs < NEVER else math.inf
