from __future__ import annotations

from dataclasses import replace

import numpy as np

from dawnbench.records.trial_set import TrialSet
from dawnbench.stats.comparison.compare import compare
from dawnbench.stats.comparison.outcome import Comparison, Ratio
from dawnbench.stats.comparison.sentences import names, remedy, verdict_sentence
from tests.stats.trial_sets import series, sides, timed, trial

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
        f"99 % interval {ratio.interval.low:.4f} to {ratio.interval.high:.4f} "
        "(8 trials against 8, Mann-Whitney's test: p = 0.00016)"
    )
    assert apart([*FAST], [*SLOW]).startswith("after is slower than before: 5.2 % more time, ratio 1.05")


def test_no_difference_says_how_large_it_could_still_be() -> None:
    assert apart([*SLOW], [*SLOW]).startswith(
        "No difference shown between after and before: ratio 1.0000, 99 %"
    )


def test_too_few_trials_are_reported_with_the_direction_seen() -> None:
    assert apart([20.0], [19.0]) == (
        "after looks faster than before: 5.0 % less time, ratio 0.9500; too few trials to show it "
        "(1 trial against 1, Mann-Whitney's test: p = 1)"
    )
    assert apart([20.0, 21.0], [30.0, 31.0]).startswith("after looks slower than before: 48.8 % more time")
    assert apart([20.0], [None]).startswith(
        "after looks slower than before: it did not reach the target; too"
    )
    for equal in ([20.0], [None]):
        assert apart([*equal], [*equal]).startswith(
            "Neither after nor before looks faster; too few trials to show a difference ("
        )
    assert said(*sides([20.0] * 4, [1.0] * 4)).startswith(
        "B looks faster than A: 95.0 % less time, ratio 0.05"
    )


def test_a_start_that_all_trials_share_gives_no_verdict_and_asks_for_no_trials() -> None:
    cold = [
        series([trial(seconds={"cold": s}, spent_seconds={"cold": s})] * 9, name=name)
        for name, s in (("before", 9.0), ("after", 8.0))
    ]
    found = compare(*cold, rule="cold")
    assert verdict_sentence(found) == (
        "after looks faster than before: 11.1 % less time, ratio 0.8889; no verdict, since cold counts one "
        "start that all trials of a run share"
    )
    assert remedy(found) is None


def by(command: str, *seconds: float, name: str) -> TrialSet:
    return timed(*seconds, name=name, command=tuple(command.split()))


def test_too_few_trials_need_so_many_more_by_a_command() -> None:
    a, b = (by(f"dawnbench run {name}.py --trials 3", *SLOW[:3], name=name) for name in "ab")
    assert str(remedy(compare(a, b))) == (
        "needs 2 more a side, 5 in all: dawnbench run a.py --trials 5 && dawnbench run b.py --trials 5"
    )
    same = by("dawnbench run a.py --trials 3", *FAST[:3], name="b")
    assert str(remedy(compare(a, same))) == "needs 2 more a side, 5 in all: dawnbench run a.py --trials 5"
    assert str(remedy(compare(a, timed(*FAST, name="c")))) == (
        "needs 1 more of a, 4 in all: dawnbench run a.py --trials 4"
    )
    assert (
        str(remedy(compare(a, timed(*FAST[:4], name="c"))))
        == "needs 2 more of a, 5 in all and 1 more of c, 5 in all"
    )
    assert remedy(compare(timed(*SLOW), timed(*SLOW))) is None


def test_too_few_pairs_need_so_many_more_by_a_command() -> None:
    a, b = sides(SLOW[:4], FAST[:4])
    command = ("dawnbench", "ab", "a", "b", "--trials", "4")
    a = replace(a, command=command)
    assert str(remedy(compare(a, b))) == "needs 4 more pairs, 8 in all: dawnbench ab a b --trials 8"
    assert str(remedy(compare(*sides(SLOW[:7], FAST[:7])))) == "needs 1 more pair, 8 in all"


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
    # No ratio is too large for a test by ranks, so there is no interval to print.
    assert slower.startswith("B is slower than A: 970.8 % more time, ratio 10.7080 (12 pairs")
    assert faster.startswith("B is faster than A: 90.7 % less time, ratio 0.0934 (12 pairs")


def test_ranks_that_contradict_the_means_are_explained_in_the_sentence() -> None:
    reference = [20 + i / 100 for i in range(40)]
    assert apart([*reference], [*[18 + i / 100 for i in range(32)], *[None] * 8]) == (
        "No difference shown between after and before: trial by trial after is faster "
        "(99 % interval 0.8975 to 0.9061), but with the misses counted its mean time may "
        "not be: ratio 1.3942 (40 trials against 40, Mann-Whitney's test: p = 1.5e-06)"
    )
    outlier = [19 + i / 100 for i in range(39)]
    assert apart([*reference], [*outlier, 200.0]).startswith(
        "No difference shown between after and before: trial by trial after is faster (99 % interval 0.9"
    )
    assert "but a few outlying trials turn its mean around: ratio 1.17" in apart(
        [*reference], [*outlier, 200.0]
    )


def test_a_ratio_outside_its_interval_is_explained_in_the_sentence() -> None:
    outside = "leaves the ratio outside, since outlying or missed trials move means more than ranks ("
    assert outside in apart([*SLOW, 60.0], [*FAST, 19.8])
    assert outside in apart([*SLOW, 60.0], [*SLOW, 20.8])
    assert outside not in apart([*SLOW], [*FAST])


def test_no_interval_contradicts_a_verdict() -> None:
    """It excludes 1 exactly if there is a verdict, or if the sentence says why not."""
    rng = np.random.default_rng(4)
    for _ in range(60):
        times = [20 * (1 + 0.02 * rng.standard_normal(10)) for _ in "ab"]
        found = compare(*(timed(*map(float, one)) for one in times))
        ratio = found.verdict.ratio
        assert ratio is not None
        assert ratio.interval is not None
        excluded = 1 not in ratio.interval
        assert excluded == (found.verdict.word != "no difference shown" or "but" in verdict_sentence(found))


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
