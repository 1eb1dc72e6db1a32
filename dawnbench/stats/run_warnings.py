"""Reasons to doubt a run's results, each with what to do about it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np

from dawnbench.records.rules import is_per_image, stops_at_target
from dawnbench.records.schema import Reading
from dawnbench.records.trial_set import TrialFigures, TrialSet
from dawnbench.stats.trial_values import censored_seconds

MIN_TRIALS = 5
OUTLIER_Z = 3.5
"""Of the modified z-score (Iglewicz and Hoaglin 1993), for many trials."""
FEW_TRIALS = 5.0
"""The median absolute deviation of n trials is itself so uncertain that 3.5 alone would report an outlier in
one of five normal samples of 5 trials, and in one of eight samples of 10. 3.5 * (1 + 5 / n) reports one in
about 20."""
MAD_TO_DEVIATION = 0.6745
MEAN_DEVIATION_TO_DEVIATION = 1.2533
"""If more than half of the times are equal, the mean absolute deviation replaces the median one."""
MIN_OUTLYING = 0.02
"""Of the median; a closer time may be an outlier but does no harm."""
DRIFT_P = 0.01
MIN_DRIFT = 0.01
"""Of the median, from the first trial to the last."""
CLOCK_MOVED = 0.03
"""Between the trials' means."""
CLOCK_DIPPED = 0.10
"""How far a trial's mean is below its own peak, which may be a single sample."""
OTHERS_USE = 5.0
"""Percent of the processor's time."""
WIDE = 0.10
"""Standard deviation divided by the mean."""


class Concern(Enum):
    """A reason for doubt; its value says what to do."""

    TOO_FEW = "run at least 5 trials, better 10: --trials 10"
    OUTLIER = "look at what ran beside it; run more trials, and compare medians"
    DRIFT = "the machine warms up or cools down: run a warm-up first, or compare with `dawnbench ab`"
    THROTTLED = "cool the GPU or lower its clocks by nvidia-smi --lock-gpu-clocks, then measure again"
    CLOCKS = "lock them by nvidia-smi --lock-gpu-clocks or the performance governor, then measure again"
    OTHERS = "stop them, or use a machine of your own, then measure again"
    SPREAD = "run more trials, on a quiet machine (`dawnbench doctor` says how)"


@dataclass(frozen=True, slots=True)
class RunWarning:
    """One concern about one set of trials."""

    concern: Concern
    finding: str
    """What was seen, with the numbers."""

    def __str__(self) -> str:
        """Return the finding and what to do about it."""
        return f"{self.finding}; {self.concern.value}"


def find_warnings(series: TrialSet, rule: str) -> tuple[RunWarning, ...]:
    """Return what is doubtful about a set of trials, with times under a rule."""
    numbered = [(trial.trial, censored_seconds(trial, rule)) for trial in series.counting]
    timed = [(trial, s) for trial, s in numbered if s is not None and np.isfinite(s)]
    numbers, seconds = [trial for trial, _ in timed], [s for _, s in timed]
    return (
        *_few(len(numbered)),
        *_outliers(numbers, seconds, rule),
        *_drift(seconds),
        *_spread(seconds, _epochs(series) if stops_at_target(rule) else ()),
        *_throttled(series.trials, "a" if series.devices > 1 else "the"),
        *_clocks(series.trials),
        *_others(series.trials),
    )


def modified_z_scores(values: Sequence[float]) -> np.ndarray:
    """Return how many robust standard deviations each value is from the median; zeros without spread."""
    array = np.asarray(values, dtype=float)
    if not array.size:
        return array
    off = array - np.median(array)
    spread = float(np.median(np.abs(off))) / MAD_TO_DEVIATION
    if spread == 0:
        spread = MEAN_DEVIATION_TO_DEVIATION * float(np.mean(np.abs(off)))
    return off / spread if spread else np.zeros_like(off)


def _few(trials: int) -> Iterator[RunWarning]:
    if trials < MIN_TRIALS:
        what = "no trials" if not trials else "only 1 trial" if trials == 1 else f"only {trials} trials"
        yield RunWarning(Concern.TOO_FEW, f"{what} to judge by")


def _outliers(numbers: Sequence[int], seconds: Sequence[float], rule: str) -> Iterator[RunWarning]:
    if len(seconds) < MIN_TRIALS:
        return
    median, least = float(np.median(seconds)), OUTLIER_Z * (1 + FEW_TRIALS / len(seconds))
    unit, scale = ("ms per image", 1000) if is_per_image(rule) else ("s", 1)
    for number, value, z in zip(numbers, seconds, modified_z_scores(seconds), strict=True):
        if abs(z) > least and abs(value - median) >= MIN_OUTLYING * median > 0:
            took, usual = f"{scale * value:.4g} {unit}", f"{scale * median:.4g} {unit}"
            yield RunWarning(
                Concern.OUTLIER, f"trial {number} took {took}, the median is {usual} (modified z {z:+.1f})"
            )


def _drift(seconds: Sequence[float]) -> Iterator[RunWarning]:
    if len(seconds) <= MIN_TRIALS or len(set(seconds)) == 1:
        return
    from scipy.stats import kendalltau, theilslopes

    order = np.arange(len(seconds))
    median = float(np.median(seconds))
    if median <= 0 or kendalltau(order, seconds).pvalue >= DRIFT_P:
        return
    whole = float(theilslopes(seconds, order).slope) * (len(seconds) - 1) / median
    if abs(whole) >= MIN_DRIFT:
        direction = "longer" if whole > 0 else "shorter"
        yield RunWarning(
            Concern.DRIFT,
            f"the trials got {direction} by {100 * abs(whole):.1f} % from the first to the last",
        )


def _epochs(series: TrialSet) -> tuple[int, ...]:
    found = (trial.epochs_to_target for trial in series.counting)
    return tuple(epochs for epochs in found if epochs is not None)


def _spread(seconds: Sequence[float], epochs: Sequence[int]) -> Iterator[RunWarning]:
    if len(seconds) < 2:
        return
    deviation, mean = float(np.std(seconds, ddof=1)), float(np.mean(seconds))
    if deviation >= WIDE * mean > 0:
        relative = 100 * deviation / mean
        finding = f"the times' standard deviation is {relative:.0f} % of their mean"
        if epochs and min(epochs) < max(epochs):
            finding += f", with {min(epochs)} to {max(epochs)} epochs to the target"
        yield RunWarning(Concern.SPREAD, finding)


def _throttled(trials: Sequence[TrialFigures], article: str) -> Iterator[RunWarning]:
    throttled = [trial for trial in trials if trial.throttle_reasons]
    if throttled:
        reasons = dict.fromkeys(reason for trial in throttled for reason in trial.throttle_reasons)
        yield RunWarning(
            Concern.THROTTLED, f"{article} GPU was throttled in {_named(throttled)} ({', '.join(reasons)})"
        )


def _clocks(trials: Sequence[TrialFigures]) -> Iterator[RunWarning]:
    for metric, name in (("gpu_sm_clock", "the GPU's clock"), ("cpu_frequency", "the processor's clock")):
        read = _readings(trials, metric)
        if not read:
            continue
        low, high = min(r.mean for r in read), max(r.mean for r in read)
        lowest, peak = min(((r.mean, r.peak) for r in read), key=lambda pair: pair[0] / (pair[1] or 1))
        if low <= (1 - CLOCK_MOVED) * high > 0:
            finding = f"{name} moved between trials, from a mean of {low:.0f} to {high:.0f} {read[0].unit}"
            yield RunWarning(Concern.CLOCKS, finding)
        elif lowest <= (1 - CLOCK_DIPPED) * peak > 0:
            finding = f"{name} moved within a trial: mean {lowest:.0f}, peak {peak:.0f} {read[0].unit}"
            yield RunWarning(Concern.CLOCKS, finding)


def _others(trials: Sequence[TrialFigures]) -> Iterator[RunWarning]:
    for metric, least, what in (
        ("gpu_other_processes", 0.0, "other processes used the GPU"),
        ("cpu_other_utilization", OTHERS_USE, "other processes used the processor"),
    ):
        disturbed = [t for t in trials if metric in t.readings and t.readings[metric].mean > least]
        if disturbed:
            most = max(reading.mean for reading in _readings(disturbed, metric))
            share = f", up to {most:.0f} % of its time" if metric == "cpu_other_utilization" else ""
            yield RunWarning(Concern.OTHERS, f"{what} in {_named(disturbed)}{share}")


def _readings(trials: Sequence[TrialFigures], metric: str) -> list[Reading]:
    return [trial.readings[metric] for trial in trials if metric in trial.readings]


def _named(trials: Sequence[TrialFigures]) -> str:
    numbers = ", ".join(str(trial.trial) for trial in trials[:5])
    more = f" and {len(trials) - 5} more" if len(trials) > 5 else ""
    return f"trial{'s' if len(trials) > 1 else ''} {numbers}{more}"
