from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings

from dawnbench.errors import DawnbenchError
from dawnbench.records.trial_set import TrialFigures, TrialSet
from dawnbench.stats.comparison.compare import compare
from tests.stats.trial_sets import RECIPE, any_trials, interrupted, series, sides, timed, trial

pytestmark = pytest.mark.filterwarnings("error")

SLOW, FAST = (
    [20.0, 20.1, 20.2, 20.3, 20.4, 20.5, 20.6, 20.7],
    [19.0, 19.1, 19.2, 19.3, 19.4, 19.5, 19.6, 19.7],
)


def other_recipe(run: TrialSet) -> TrialSet:
    return replace(run, recipe=RECIPE | {"epochs": 8}, recipe_digest="ef" * 32)


def other_data(run: TrialSet) -> TrialSet:
    return replace(run, data=replace(run.data, fingerprint="01" * 32))


def other_target(run: TrialSet) -> TrialSet:
    return replace(run, target=0.93)


def test_the_rule_asked_for_comes_first_and_the_others_follow() -> None:
    rules = {"airbench": 3.0, "dawnbench": 2.0, "strict": 4.0}
    a, b = (series([trial(seconds=rules, spent_seconds=rules)] * 6, name=name) for name in "ab")
    found = compare(a, b, rule="strict")
    assert [time.rule for time in found.times] == ["strict", "airbench", "dawnbench"]
    assert found.verdict is found.times[0]
    assert (found.reference, found.other, found.paired) == (a, b, None)
    assert found.accuracy is not None
    assert found.energy is None


def test_a_rule_that_only_one_reports_is_left_out_unless_it_is_asked_for() -> None:
    a = series([trial(seconds={"dawnbench": 2.0, "cold": 9.0})], name="a")
    found = compare(a, timed(2.0, name="b"))
    assert [time.rule for time in found.times] == ["dawnbench"]
    with pytest.raises(DawnbenchError, match=r"^b does not report the rule cold; it has dawnbench$"):
        compare(a, timed(2.0, name="b"), rule="cold", across=True)


def test_the_two_sides_of_a_campaign_are_compared_pair_by_pair() -> None:
    a, b = sides(SLOW, FAST)
    found = compare(a, b)
    assert (found.paired, found.verdict.word) == (8, "faster")
    assert found.verdict.p_signed_rank is not None


def test_a_pair_whose_partner_was_interrupted_is_not_counted() -> None:
    a, b = sides(SLOW, FAST)
    broken = replace(b, trials=(*b.trials[:7], interrupted(8)))
    assert compare(a, broken).paired == 7


def test_a_run_is_not_paired_with_itself() -> None:
    a, _ = sides(SLOW, FAST)
    found = compare(a, a)
    assert (found.paired, found.verdict.word) == (None, "no difference shown")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (other_data, "b cannot be compared with a: the data differ: .* has 0101010101010101"),
        (other_target, "the targets differ: 94 % and 93 %"),
        (other_recipe, "the recipes differ: epochs 10 and 8"),
    ],
)
def test_differences_that_make_a_comparison_meaningless_are_named(change: object, words: str) -> None:
    a, b = timed(*SLOW, name="a"), change(timed(*FAST, name="b"))  # type: ignore[operator]
    with pytest.raises(
        DawnbenchError, match=rf"{words}.*; add --across if this difference is what you want to measure$"
    ):
        compare(a, b)
    found = compare(a, b, across=True)
    assert found.verdict.word == "faster"
    assert len(found.differences.refusals) == 1


def test_all_differences_are_named_at_once() -> None:
    with pytest.raises(DawnbenchError, match=r"the data differ.*the targets differ.*the recipes differ"):
        compare(timed(*SLOW), other_recipe(other_target(other_data(timed(*FAST)))))


def test_a_different_device_is_a_caution_but_not_refused() -> None:
    found = compare(timed(*SLOW), timed(*FAST, device_name="NVIDIA A100"))
    assert found.differences.cautions == ("the devices differ: NVIDIA H200 and NVIDIA A100",)


def test_the_recipes_of_an_ab_campaign_may_differ() -> None:
    a, b = sides(SLOW, FAST)
    found = compare(a, other_recipe(b))
    assert found.verdict.word == "faster"
    assert found.differences.recipes is not None


@pytest.mark.parametrize("change", [other_data, other_target])
def test_the_data_and_the_target_of_an_ab_campaign_may_not_differ(change: object) -> None:
    a, b = sides(SLOW, FAST)
    with pytest.raises(DawnbenchError, match="differ"):
        compare(a, change(b))  # type: ignore[operator]
    assert compare(a, change(b), across=True).paired == 8  # type: ignore[operator]


def test_a_run_without_trials_is_refused() -> None:
    with pytest.raises(DawnbenchError, match=r"has no rules, since it has no trials$"):
        compare(timed(*SLOW), series([]))


@settings(max_examples=25, deadline=None)
@given(any_trials, any_trials, any_trials, any_trials)
def test_more_trials_never_turn_an_answer_into_an_error(
    a: list[TrialFigures], b: list[TrialFigures], more_a: list[TrialFigures], more_b: list[TrialFigures]
) -> None:
    if not a or not b:
        return
    compare(series(a), series(b))
    found = compare(series([*a, *more_a]), series([*b, *more_b]))
    counted = tuple(sum(one.counts for one in (*few, *more)) for few, more in ((a, more_a), (b, more_b)))
    assert found.verdict.trials == counted
    paired = [
        replace(one, pairing=side.pairing)
        for one, side in zip(map(series, (a, b)), sides([], []), strict=True)
    ]
    assert compare(*paired).paired is not None
