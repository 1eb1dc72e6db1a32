from __future__ import annotations

from dataclasses import replace

from dawnbench.records.trial_set import TrialSet
from dawnbench.stats.comparison.compare import compare
from dawnbench.stats.comparison.outcome import Comparison, Ratio
from dawnbench.stats.comparison.sentences import names, verdict_sentence
from tests.stats.trial_sets import sides, timed

SLOW = [20.0, 20.1, 20.2, 20.3, 20.4, 20.5, 20.6, 20.7]
FAST = [19.0, 19.1, 19.2, 19.3, 19.4, 19.5, 19.6, 19.7]


def said(a: TrialSet, b: TrialSet) -> str:
    return verdict_sentence(compare(a, b))


def apart(a: list[float | None], b: list[float | None]) -> str:
    return said(timed(*a, name="before"), timed(*b, name="after"))


def test_a_difference_is_reported_with_size_interval_and_test() -> None:
    found = compare(timed(*SLOW, name="before"), timed(*FAST, name="after"))
    ratio = found.verdict.ratio
    assert ratio is not None
    assert ratio.interval is not None
    assert verdict_sentence(found) == (
        "after is faster than before: 4.9 % less time, ratio 0.9509, "
        f"95 % interval {ratio.interval.low:.4f} to {ratio.interval.high:.4f} "
        "(8 trials against 8, Mann-Whitney's test: p = 0.00016)"
    )
    assert apart([*FAST], [*SLOW]).startswith("after is slower than before: 5.2 % more time, ratio 1.05")


def test_no_difference_says_how_large_it_could_still_be() -> None:
    assert apart([*SLOW], [*SLOW]).startswith(
        "No difference shown between after and before: ratio 1.0000, 95 %"
    )


def test_too_few_trials_are_reported_as_such() -> None:
    assert apart([20.0], [19.0]) == (
        "Cannot tell with so few trials whether after is faster than before "
        "(1 trial against 1, Mann-Whitney's test: p = 1)"
    )


def test_the_sides_of_a_campaign_are_called_by_their_letters() -> None:
    sentence = said(*sides([*SLOW], [*FAST]))
    assert sentence.startswith("B is faster than A: 4.9 % less time")
    assert sentence.endswith("(8 pairs, Wilcoxon's test: p = 0.0078)")
    assert names(compare(*sides([*SLOW], [*FAST]))) == ("A", "B")
    assert "(1 pair," in said(*sides([20.0], [19.0]))


def test_pairs_without_a_time_borrow_no_other_tests_p_value() -> None:
    assert said(*sides([None] * 9, [None] * 9)) == (
        "No difference shown between B and A: neither has a time (9 pairs, Wilcoxon's test)"
    )


def test_a_side_that_never_reached_the_target_is_described_that_way() -> None:
    assert apart([*SLOW], [None] * 8).startswith("after is slower than before: it did not reach the target (")
    assert apart([None] * 8, [*FAST]).startswith("after is faster than before: only it reached the target (")


def test_a_side_that_mostly_missed_is_not_said_to_have_never_reached_the_target() -> None:
    a, b = [20 + i / 10 for i in range(12)], [20 + i / 10 if i < 2 else None for i in range(12)]
    slower, faster = said(*sides(a, b)), said(*sides(b, a))
    assert slower.startswith("B is slower than A: it missed the target when the other reached it (12 pairs")
    assert faster.startswith("B is faster than A: it reached the target when the other missed it (12 pairs")


def test_ranks_that_contradict_the_times_are_pointed_out() -> None:
    reference = [20 + i / 100 for i in range(40)]
    sentence = apart([*reference], [*[18 + i / 100 for i in range(32)], *[None] * 8])
    assert sentence.startswith("No difference shown")
    assert sentence.endswith("; ranks and times disagree)")


def test_without_an_interval_only_the_ratio_is_given() -> None:
    found = compare(timed(*SLOW, name="before"), timed(*FAST, name="after"))
    bare = replace(found.verdict, ratio=Ratio(0.95, None), word="faster")
    assert "less time, ratio 0.9500 (8" in verdict_sentence(replace(found, times=(bare,)))


def test_no_sentence_says_significant() -> None:
    found: list[Comparison] = [
        compare(timed(*a, name="a"), timed(*b, name="b"))
        for a in (SLOW, [20.0], [None] * 6)
        for b in (FAST, SLOW, [None] * 6)
    ]
    assert not [one for one in found if "significan" in verdict_sentence(one).lower()]
