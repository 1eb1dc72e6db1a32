from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from dawnbench.records.trial_set import TrialSet
from dawnbench.report.text.run_summary import claim_sentence, cost_sentences, sentences, summary_report
from dawnbench.stats.claim import Claim
from dawnbench.stats.cost import Prices
from dawnbench.stats.run_warnings import find_warnings
from dawnbench.stats.trial_summary import summarise
from tests.cli.made_runs import row, steers, trial, trials, words
from tests.report.figures import any_series, rendered, series


def shown(of: TrialSet, width: int = 80, rule: str = "dawnbench", **prices: float) -> str:
    return rendered(summary_report(of, summarise(of), find_warnings(of, rule), Prices(**prices), rule), width)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(of=any_series(), rule=st.sampled_from(("dawnbench", "airbench", "cold")))
def test_whatever_the_figures_80_columns_hold_them_whole(of: TrialSet, rule: str) -> None:
    text = shown(of, rule=rule, cost_per_hour=3.5, price_per_kwh=0.3, grams_per_kwh=380.0)
    assert max(map(cell_len, text.splitlines())) <= 80
    assert "…" not in text
    assert not steers(text)
    assert "nan" not in text.replace(of.recipe_name, "").replace(of.device_name, "")


def test_a_table_of_usual_figures_has_a_line_a_figure_in_80_columns() -> None:
    text = shown(series(trials(2871.7, joules=574_000.0)))
    table = text.split("\n\n")[1].splitlines()
    assert len(table) == 1 + 4 + 2 + 2
    assert row(text, "dawnbench [s]")[:2] == ["10", "2873"]
    assert row(text, "energy to target [J]")[1] == "516600"


@pytest.mark.parametrize("width", [80, 120])
def test_columns_line_up(width: int) -> None:
    table = shown(series(trials()), width).split("\n\n")[1].splitlines()
    ends = [line.rstrip() for line in table]
    assert len(set(map(len, ends))) == 1


def test_one_rule_of_many_by_a_later_version_is_shown_as_well() -> None:
    recorded = [trial(i, seconds=2.6) for i in range(1, 4)]
    for one in recorded:
        object.__setattr__(one, "seconds", {"dawnbench": 2.6, "[later]": 1.5})
    assert row(shown(series(recorded)), "[later] [s]")[1] == "1.500"


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({}, "Mean accuracy 94.10 % over 20 trials: at least 94.00 % holds (one-sided t-test, p = 0.0012)."),
        ({"p_value": 0.99, "mean": 0.939, "standing": "fails"},
         "Mean accuracy 93.90 % over 20 trials: below 94.00 % (one-sided t-test, p = 0.99)."),
        ({"p_value": 0.2, "standing": "not settled", "settles_at": 1234},
         "Mean accuracy 94.10 % over 20 trials: whether it is at least 94.00 % is not settled (one-sided "
         "t-test, p = 0.2); about 1,234 trials would settle it."),
        ({"p_value": 0.2, "standing": "not settled"},
         "Mean accuracy 94.10 % over 20 trials: whether it is at least 94.00 % is not settled (one-sided "
         "t-test, p = 0.2); more than 100,000 trials would settle it."),
        ({"p_value": None, "standing": "not settled", "trials": 1},
         "Mean accuracy 94.10 % over 1 trial; one trial has no spread to test by whether the true mean is at "
         "least 94.00 %."),
    ],
)  # fmt: skip
def test_the_claim_in_words(changes: dict[str, Any], sentence: str) -> None:
    usual = {"target": 0.94, "trials": 20, "mean": 0.941, "p_value": 0.00123, "standing": "holds"}
    assert claim_sentence(Claim(**{**usual, "settles_at": None, **changes})) == sentence


def test_one_trial_is_one_trial_in_every_sentence() -> None:
    recorded = [
        trial(1),
        trial(2, status="diverged", epochs=None),
        trial(3, status="interrupted", epochs=None),
    ]
    said = list(sentences(summarise(series(recorded)), 0.94))
    assert said[0] == "1 of 2 trials reached the target of 94.00 %."
    assert "1 trial diverged and counts as 0 % in the mean accuracy below." in said
    assert "1 trial was interrupted or failed before the target and is not counted." in said
    assert not any("1 trials" in sentence for sentence in said)


def test_without_a_miss_the_mean_is_the_expected_time_and_is_not_said_again() -> None:
    said = " ".join(sentences(summarise(series(trials())), 0.94))
    assert "Expected time" not in said
    assert "diverged" not in said


def test_what_could_not_be_read_is_said() -> None:
    of = series(trials())
    object.__setattr__(of, "warnings", ("trials.jsonl: the last line is torn \x1b[2J",))
    assert "! trials.jsonl: the last line is torn ?[2J" in shown(of)


def test_the_cost_is_of_the_expected_time_and_needs_a_price() -> None:
    of = summarise(series([trial(1, 1800.0), trial(2, 1800.0, epochs=None)]))
    (said,) = cost_sentences(of, Prices(cost_per_hour=2.0), "dawnbench")
    assert said == "Cost to target under dawnbench: $2.00 at $2.00 per hour."
    (said,) = cost_sentences(of, Prices(cost_per_hour=2.0), "airbench")
    assert said == "Cost per trial under airbench: $1.00 at $2.00 per hour."
    assert list(cost_sentences(of, Prices(), "dawnbench")) == []
    missed = summarise(series([trial(1, 1800.0, epochs=None, joules=None)]))
    assert list(cost_sentences(missed, Prices(2.0, 0.3, 380.0), "dawnbench")) == []


def test_the_median_is_no_mean() -> None:
    text = shown(series([trial(i, seconds) for i, seconds in enumerate((1.0, 2.0, 6.0), start=1)]))
    assert row(text, "dawnbench [s]")[:6] == ["3", "3.000", "0", "to", "9.572", "2.6"]
    assert row(text, "dawnbench [s]")[6:] == ["2.000", "1.000", "6.000"]


def test_sentences_are_wrapped_and_whole() -> None:
    said = words(shown(series(trials(missed=2))))
    assert "Expected time to 94.00 % under dawnbench, with 2 trials that missed it: 3.252 s" in said


def test_what_a_trial_found_doubtful_itself_is_said_with_its_number() -> None:
    of = series(trials())
    object.__setattr__(of.trials[1], "warnings", ("the two clocks are 3 % apart",))
    assert "! trial 2: the two clocks are 3 % apart" in shown(of)


def test_a_dash_has_its_reason_under_the_table() -> None:
    why = "A dash: a single value (n = 1) has neither sd nor interval."
    assert why in words(shown(series([trial()])))
    assert "A dash" not in shown(series(trials(count=3)))


def test_tags_are_below_the_name() -> None:
    of = series(trials())
    assert "tags" not in shown(of)
    object.__setattr__(of, "tags", {"branch": "main", "note": "\x1b[2J"})
    assert "\ntags branch=main, note=?[2J\n" in shown(of)
