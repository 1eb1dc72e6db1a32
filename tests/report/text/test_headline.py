"""The paragraph that people quote."""

from __future__ import annotations

from hypothesis import given

from dawnbench.records.trial_set import TrialSet
from dawnbench.report.text.headline import headline
from dawnbench.stats.trial_summary import summarise
from tests.cli.made_runs import trial, trials
from tests.report.figures import any_series, series


def of(one: TrialSet, rule: str = "dawnbench") -> str:
    return headline(one, summarise(one), rule)


def test_it_has_all_that_a_quotation_needs() -> None:
    text = of(series(trials(2.6, 10)))
    for part in (
        "davidnet on NVIDIA H200 (cuda, bf16) reached 94.00 %",
        "2.601 s under the dawnbench rule",
        "mean of 10 trials, 95 % interval of the mean 2.59",
        "Mean final validation accuracy: 94.06 % (95 % interval of the mean",
        "cifar10, fingerprint cdcdcdcdcdcdcdcd.",
    ):
        assert part in text


def test_one_trial_has_no_interval() -> None:
    text = of(series([trial()]))
    assert "reached 94.00 % in 2.600 s under the dawnbench rule (1 trial)." in text
    assert "interval" not in text


def test_misses_make_it_an_expected_time() -> None:
    text = of(series(trials(2.6, 10, missed=3)))
    assert "reached 94.00 % in an expected 3.7" in text
    assert "10 trials, of which 3 missed it" in text


def test_a_rule_over_whole_trials_does_not_claim_the_target() -> None:
    text = of(series(trials(2.6, 10, missed=10)), "strict")
    assert "trained for 94.00 % in 2.70" in text
    assert "reached" not in text


def test_where_nothing_reached_it_says_so() -> None:
    missed = of(series(trials(count=2, missed=2)))
    assert "did not reach 94.00 % under the dawnbench rule (2 trials)" in missed
    assert "no trial has a time" in of(series([]))


@given(any_series())
def test_any_series_makes_sentences(one: TrialSet) -> None:
    for rule in ("dawnbench", "strict", "cold"):
        text = of(one, rule)
        assert text.endswith(".")
        assert "nan" not in text.replace(one.recipe_name, "").replace(one.device_name, "")
