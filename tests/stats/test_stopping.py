"""When `--trials auto` stops, and what it says, from trials as a run records them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from dawnbench.errors import DawnbenchError
from dawnbench.records.schema import StoppingRecord
from dawnbench.records.trial_set import TrialSet
from dawnbench.stats.comparison.compare import compare
from dawnbench.stats.comparison.sentences import verdict_sentence
from dawnbench.stats.sequential import VERDICT_ALPHA, AutoTrials, level_after
from dawnbench.stats.stopping import after_trial, begin_stopping
from dawnbench.stats.trial_summary import summarise
from tests.stats.stopping_rules import MOST, differences, heavy_tailed, normal, verdicts
from tests.stats.trial_sets import accurate, sides, timed

Times = Sequence[float | None]


def campaign(a: Times, b: Times, auto: AutoTrials | None = None, minutes: float = 0.0) -> StoppingRecord:
    """Run pair after pair until the rule says that it is enough, or there are no more."""
    stopping = begin_stopping(auto or AutoTrials(), "ab")
    for pair in range(1, len(a) + 1):
        both = [replace(side, stopping=stopping) for side in sides(a[:pair], b[:pair])]
        stopping = after_trial(stopping, both, pair, minutes * pair)
        if stopping.ended is not None:
            break
    return stopping


def run_of(whole: TrialSet, auto: AutoTrials, minutes: float = 0.0) -> StoppingRecord:
    """The same for the trials of a run."""
    stopping = begin_stopping(auto, "run")
    for trials in range(1, len(whole.trials) + 1):
        part = replace(whole, trials=whole.trials[:trials], stopping=stopping)
        stopping = after_trial(stopping, [part], trials, minutes * trials)
        if stopping.ended is not None:
            break
    return stopping


def ended(stopping: StoppingRecord, a: Times, b: Times) -> tuple[TrialSet, TrialSet]:
    """The two sides as a reader sees them."""
    count = stopping.looks[-1].trials
    one, other = (replace(side, stopping=stopping) for side in sides(a[:count], b[:count]))
    return one, other


SLOW: Times = [20.0 + i / 100 for i in range(MOST)]
FAST: Times = [19.0 + (i % 7) / 100 for i in range(MOST)]
SAME_A: Times = np.random.default_rng(1).normal(20, 0.2, MOST).tolist()
SAME_B: Times = np.random.default_rng(2).normal(20, 0.2, MOST).tolist()


# --- campaigns ---


def test_pairs_that_all_agree_settle_the_verdict_at_the_first_look() -> None:
    found = campaign(SLOW, FAST)
    assert (found.question, found.rule, found.first_look, found.max_trials) == (
        "verdict",
        "dawnbench",
        10,
        40,
    )
    assert (found.ended, [look.trials for look in found.looks]) == ("settled", [10])
    assert (
        found.reason == "B is faster than A: p = 0.002 is below the sequential bound of 0.0025 after 10 pairs"
    )
    assert found.looks[0].high is not None
    assert found.looks[0].high < 1
    assert "B is slower than A" in str(campaign(FAST, SLOW).reason)


def test_identical_code_goes_on_to_the_last_pair_with_a_look_after_every_pair() -> None:
    found = campaign(SAME_A, SAME_B)
    assert (found.ended, found.reason) == (
        "max trials",
        "the verdict is not settled after 40 pairs, the most allowed",
    )
    assert [look.trials for look in found.looks] == list(range(10, 41))
    assert all(look.level is not None and look.level < 0.01 for look in found.looks)


def test_a_margin_stops_it_once_no_larger_difference_is_possible() -> None:
    found = campaign(SAME_A, SAME_B, AutoTrials(until=0.02))
    assert found.ended == "settled"
    assert found.looks[-1].trials < 40
    assert found.reason is not None
    assert "lies within 2 % of 1" in found.reason
    assert compare(*ended(found, SAME_A, SAME_B)).verdict.word == "no difference shown"


def test_after_the_minutes_no_pair_begins() -> None:
    found = campaign(SAME_A, SAME_B, AutoTrials(max_minutes=30), minutes=2.5)
    assert (found.ended, found.looks[-1].trials) == ("max minutes", 12)
    assert found.reason == "the verdict is not settled after 12 pairs, at the limit of 30 minutes"


def test_pairs_that_say_nothing_add_no_look_but_count_as_pairs() -> None:
    a, b = ([*times[:9], *[None] * 30, *times[9:]] for times in (SLOW, FAST))
    found = campaign(a, b)
    assert (found.ended, [look.trials for look in found.looks]) == ("settled", [10])
    assert found.reason is not None
    assert found.reason.endswith("after 40 pairs")


def test_pairs_that_never_reach_the_target_are_given_up_at_the_first_look() -> None:
    found = campaign([None] * 40, [None] * 40)
    assert (found.ended, found.looks) == ("no times", ())
    assert found.reason == "no trial has a time under the dawnbench rule after 10 pairs"


def test_the_verdict_that_is_shown_uses_the_bound_and_not_the_level_of_a_fixed_number() -> None:
    # Nine pairs of ten agree, and the tenth only just does not: p = 0.004.
    a, b = list(SLOW[:10]), list(FAST[:10])
    b[0] = 20.001
    assert compare(*sides(a, b)).verdict.word == "faster"
    unsettled = campaign(a, b)
    assert unsettled.ended is None
    found = compare(*ended(unsettled, a, b))
    assert found.verdict.level == level_after(10, 10, 40, VERDICT_ALPHA)
    assert found.verdict.word == "no difference shown"
    assert "sequential bound of 0.0025" in verdict_sentence(found)


def test_what_was_interrupted_before_the_first_look_cannot_tell() -> None:
    stopping = campaign(SLOW[:9], FAST[:9])
    assert (stopping.ended, stopping.looks) == (None, ())
    one, other = (replace(side, stopping=stopping) for side in sides(SLOW[:9], FAST[:9]))
    found = compare(one, other).verdict
    assert found.word == "cannot tell with so few trials"
    assert found.ratio is not None
    assert found.ratio.interval is None


def test_every_rule_of_the_comparison_is_held_to_the_bound() -> None:
    stopping = campaign(SLOW, FAST)
    one, other = ended(stopping, SLOW, FAST)
    both = [
        replace(
            side,
            trials=tuple(
                replace(t, seconds={**t.seconds, "strict": t.seconds["dawnbench"]}) for t in side.trials
            ),
        )
        for side in (one, other)
    ]
    assert {time.level for time in compare(*both).times} == {stopping.looks[-1].level}


@pytest.mark.parametrize("slower", [0.0, 0.01])
@pytest.mark.parametrize("noise", [normal, heavy_tailed])
def test_it_stops_where_the_simulations_say(noise: object, slower: float) -> None:
    found = differences(np.random.default_rng(9), noise, 6, slower)  # type: ignore[arg-type]
    expected = verdicts(found, slower)
    for row, side, stopped in zip(found, expected.side, expected.trials, strict=True):
        stopping = campaign([20.0] * MOST, (20 * np.exp(row)).tolist())
        assert stopping.looks[-1].trials == stopped
        assert (stopping.ended == "settled") == (side != 0)


# --- runs ---


def test_without_until_a_run_goes_on_until_its_claim_is_settled() -> None:
    found = run_of(accurate(*(0.9405 + i % 3 / 1000 for i in range(40))), AutoTrials())
    assert (found.question, found.rule, found.until, found.ended) == ("claim", None, None, "settled")
    assert found.reason is not None
    assert found.reason.startswith("the accuracy claim holds: p = ")
    assert found.looks[0].trials == 8
    below = run_of(accurate(*(0.9385 + i % 3 / 1000 for i in range(40))), AutoTrials())
    assert below.reason is not None
    assert below.reason.startswith("the accuracy claim fails: p = ")


def test_a_claim_near_its_target_goes_on_to_the_last_trial() -> None:
    found = run_of(accurate(*(0.939 + i % 3 / 1000 for i in range(12))), AutoTrials(max_trials=12))
    assert found.ended == "max trials"
    assert found.reason == "the accuracy claim is not settled after 12 trials, the most allowed"


def test_equal_accuracies_settle_no_claim() -> None:
    found = run_of(accurate(*[0.95] * 9), AutoTrials(max_trials=9))
    assert (found.ended, found.looks[-1].p_value) == ("max trials", None)


def test_the_claim_that_is_shown_uses_the_bound() -> None:
    values = (0.9401, 0.9408, 0.9398, 0.9406, 0.9404, 0.9397, 0.9405, 0.9405)
    fixed = summarise(accurate(*values)).claim
    assert fixed is not None
    assert (fixed.standing, fixed.level) == ("holds", 0.05)
    stopping = run_of(accurate(*values), AutoTrials())
    found = summarise(accurate(*values, stopping=stopping)).claim
    assert found is not None
    assert found.standing == "not settled"
    assert found.level == stopping.looks[-1].level
    assert found.level < 0.01


def test_a_run_that_waited_for_an_interval_tests_its_claim_as_ever() -> None:
    stopping = begin_stopping(AutoTrials(until=0.01), "run")
    found = summarise(accurate(0.945, 0.946, 0.947, stopping=stopping)).claim
    assert found is not None
    assert found.level == 0.05


def test_with_until_a_run_goes_on_until_the_interval_is_that_narrow() -> None:
    times = np.random.default_rng(3).normal(20, 0.4, 40).tolist()
    found = run_of(timed(*times), AutoTrials(until=0.01))
    assert (found.question, found.until, found.first_look, found.ended) == ("interval", 0.01, 10, "settled")
    last, before = found.looks[-1], found.looks[-2]
    mean = np.mean(times[: last.trials])
    assert last.low == pytest.approx(mean, rel=0.01)
    assert last.low is not None
    assert last.high is not None
    assert before.low is not None
    assert before.high is not None
    assert last.high - last.low <= 0.02 * mean < before.high - before.low
    assert found.reason is not None
    assert found.reason.startswith("the 95 % interval of the mean time under dawnbench is within 1 % of it (")


def test_a_wide_interval_goes_on_to_the_last_trial() -> None:
    times = np.random.default_rng(4).normal(20, 2, 12).tolist()
    found = run_of(timed(*times), AutoTrials(until=0.01, max_trials=12))
    assert found.ended == "max trials"
    assert found.reason is not None
    assert re.fullmatch(
        r"the mean time is not known to 1 % but to [5-9]\.\d+ % after 12 trials, the most allowed",
        found.reason,
    )


def test_a_run_that_never_reaches_its_target_is_given_up_at_the_first_look() -> None:
    found = run_of(timed(*[None] * 20), AutoTrials(until=0.01))
    assert (found.ended, found.looks) == ("no times", ())
    assert found.reason == "no trial has a time under the dawnbench rule after 10 trials"


def test_a_rule_that_could_settle_nothing_is_refused() -> None:
    with pytest.raises(DawnbenchError, match="--max-trials 5 is not from 8 to 1000 pairs"):
        begin_stopping(AutoTrials(max_trials=5), "ab")
