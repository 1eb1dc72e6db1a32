"""Asks after each trial, or pair of trials, whether `--trials auto` has run enough of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from dawnbench.records.schema import LookRecord, StoppingRecord
from dawnbench.records.trial_set import TrialSet
from dawnbench.stats.comparison.paired import compare_paired_times
from dawnbench.stats.intervals import Interval
from dawnbench.stats.sequential import (
    CLAIM_ALPHA,
    INTERVAL_ALPHA,
    VERDICT_ALPHA,
    AutoTrials,
    first_look,
    fixed_width_share,
)
from dawnbench.stats.trial_summary import claim_about
from dawnbench.stats.trial_values import spent_seconds

ALPHAS = {"verdict": VERDICT_ALPHA, "claim": CLAIM_ALPHA, "interval": INTERVAL_ALPHA}


def begin_stopping(auto: AutoTrials, kind: Literal["run", "ab"]) -> StoppingRecord:
    """Return the rule before the first trial of a run, or the first pair of a campaign.

    Raises:
        DawnbenchError: it could not settle anything.
    """
    question = auto.question(kind)
    auto.check(question)
    return StoppingRecord(
        question=question,
        rule=None if question == "claim" else auto.rule,
        until=auto.until,
        alpha=ALPHAS[question],
        first_look=first_look(question, auto.max_trials),
        max_trials=auto.max_trials,
        max_minutes=auto.max_minutes,
    )


def after_trial(
    stopping: StoppingRecord, series: Sequence[TrialSet], done: int, minutes: float
) -> StoppingRecord:
    """Return the rule with what it sees in the trials so far, and with its end if it ends here.

    `series` are a run's trials, or those of a campaign's sides A and B; `done` is how many trials, or pairs,
    have been run and `minutes` how long that took.
    """
    looked = {"verdict": _verdict, "claim": _claim, "interval": _interval}[stopping.question]
    look, settled = looked(stopping, series)
    seen = max((earlier.trials for earlier in stopping.looks), default=0)
    # A trial that says nothing, such as a pair that missed the target on both sides, adds no look.
    if look is None or look.trials < stopping.first_look or look.trials <= seen:
        settled = None
    else:
        stopping = replace(stopping, looks=(*stopping.looks, look))
    unit = "pair" if stopping.question == "verdict" else "trial"
    count = f"1 {unit}" if done == 1 else f"{done} {unit}s"
    if settled is not None:
        return replace(stopping, ended="settled", reason=f"{settled} after {count}")
    if look is None and done >= stopping.first_look and stopping.question != "claim":
        nothing = f"no trial has a time under the {stopping.rule} rule after {count}"
        return replace(stopping, ended="no times", reason=nothing)
    open_question = {
        "verdict": "the verdict is not settled",
        "claim": "the accuracy claim is not settled",
        "interval": f"the mean time is not known to {_percent(stopping.until)}{_width(stopping.looks)}",
    }[stopping.question]
    still = f"{open_question} after {count}"
    if done >= stopping.max_trials:
        return replace(stopping, ended="max trials", reason=f"{still}, the most allowed")
    if stopping.max_minutes is not None and minutes >= stopping.max_minutes:
        limit = f"the limit of {stopping.max_minutes:g} minutes"
        return replace(stopping, ended="max minutes", reason=f"{still}, at {limit}")
    return stopping


_Seen = tuple[LookRecord | None, str | None]
"""A look, None if there is nothing to look at, and why the question is settled, None if it is not."""


def _verdict(stopping: StoppingRecord, series: Sequence[TrialSet]) -> _Seen:
    found = compare_paired_times(series[0], series[1], stopping.rule or "")
    if not found.pairs or found.p_signed_rank is None or found.ratio is None:
        return None, None
    interval = found.ratio.interval or Interval(-math.inf, math.inf)
    low, high = interval.low, interval.high
    look = LookRecord(found.pairs, found.p_signed_rank, found.level, _finite(low), _finite(high))
    if found.word in ("faster", "slower"):
        bound = f"p = {found.p_signed_rank:.2g} is below the sequential bound of {found.level:.2g}"
        return look, f"B is {found.word} than A: {bound}"
    if stopping.until is not None and 1 - stopping.until <= low and high <= 1 + stopping.until:
        within = f"lies within {_percent(stopping.until)} of 1"
        return look, f"the interval of the ratio, {low:.4f} to {high:.4f}, {within}"
    return look, None


def _claim(stopping: StoppingRecord, series: Sequence[TrialSet]) -> _Seen:
    found = claim_about(series[0])
    if found is None:
        return None, None
    look = LookRecord(found.trials, found.p_value, found.level, None, None)
    if found.standing == "not settled" or found.p_value is None:
        return look, None
    p = found.p_value if found.standing == "holds" else 1 - found.p_value
    bound = f"p = {p:.2g} is below the sequential bound of {found.level:.2g}"
    return look, f"the accuracy claim {found.standing}: {bound}"


def _interval(stopping: StoppingRecord, series: Sequence[TrialSet]) -> _Seen:
    spent = spent_seconds(series[0], stopping.rule or "")
    share, until = fixed_width_share(spent.table.tolist()), stopping.until
    if share is None or until is None:
        return None, None
    mean = spent.expected
    look = LookRecord(len(spent.censored), None, None, mean * (1 - share), mean * (1 + share))
    if share > until:
        return look, None
    width = f"is within {_percent(until)} of it ({_percent(share)})"
    return look, f"the 95 % interval of the mean time under {stopping.rule} {width}"


def _width(looks: Sequence[LookRecord]) -> str:
    """Return what the half-width of the last interval over its middle is; nothing if there is none."""
    if not looks or looks[-1].low is None or looks[-1].high is None:
        return ""
    low, high = looks[-1].low, looks[-1].high
    return f" but to {_percent((high - low) / (high + low))}"


def _percent(share: float | None) -> str:
    return f"{100 * (share or 0):.3g} %"


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
