from __future__ import annotations

import json
import math
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mlperf_logging.rcp_checker import rcp_checker

from dawnbench.stats.regression.convergence import judge_epochs, olympic_mean, reference_point
from tests.stats.regression.test_reference_point import EPOCHS, checker, figures, runs

NEVER = 1e9
"""The checker's value for a run that did not converge."""


@given(st.data(), figures, runs)
def test_too_fast_is_what_the_checker_fails(data: st.DataObject, baseline: list[float], count: int) -> None:
    if min(baseline) == max(baseline):
        return  # there the two differ, see below
    around = sum(baseline) / len(baseline)
    drawn = st.floats(0.3 * around, 1.5 * around)
    run: list[float | None] = list(data.draw(st.lists(drawn, min_size=count, max_size=count)))
    if data.draw(st.booleans()):
        run[0] = None
    submission = [NEVER if epochs is None else epochs for epochs in run]
    verdict = judge_epochs(run, baseline)
    assert (verdict.outcome != "too fast") == checker(baseline, count).believes(submission)
    assert verdict.point == reference_point(baseline, count)
    assert verdict.mean == olympic_mean(submission)


def test_a_run_like_its_baseline_holds() -> None:
    verdict = judge_epochs(EPOCHS, EPOCHS)
    assert (verdict.outcome, verdict.mean, verdict.speedup) == ("holds", 15.75, 1.0)
    assert verdict.p_value == pytest.approx(0.5)
    assert "missed" not in verdict.sentence


def test_a_run_that_converges_too_fast_names_the_plausible_minimum() -> None:
    verdict = judge_epochs([14, 14, 13, 14, 13.7], EPOCHS)
    assert verdict.outcome == "too fast"
    assert verdict.sentence.startswith(
        "converges in 13.90 epochs, below the plausible minimum of 14.78, given the baseline's 15.75 +- 0.78"
    )
    assert verdict.speedup == pytest.approx(15.75 / 13.9)


def test_a_run_that_converges_later_is_a_regression() -> None:
    verdict = judge_epochs([17] * 10, EPOCHS)
    assert verdict.outcome == "regression"
    assert verdict.p_value is not None
    assert verdict.p_value < 0.05
    assert "17.00 epochs, above the expected maximum of 16.77" in verdict.sentence


@given(st.permutations(EPOCHS), st.permutations([14, 15, None, 17, 19]))
def test_the_order_of_the_trials_does_not_matter(baseline: list[float], run: list[float | None]) -> None:
    assert judge_epochs(run, baseline) == judge_epochs([14, 15, None, 17, 19], EPOCHS)


# --- trials that missed the target ---


def test_one_miss_is_dropped_as_the_worst_and_counted_in_the_sentence() -> None:
    verdict = judge_epochs([None, *[16] * 9], EPOCHS)
    assert (verdict.outcome, verdict.mean) == ("holds", 16)
    assert "1 of 10 trials missed the target, 0 of 10 of the baseline's" in verdict.sentence


def test_a_baselines_one_miss_stays_out_of_its_point_and_is_counted() -> None:
    verdict = judge_epochs(EPOCHS, [None, *EPOCHS])
    assert verdict.point == reference_point(EPOCHS, 10)
    assert "0 of 10 trials missed the target, 1 of 11 of the baseline's" in verdict.sentence


def test_two_misses_give_no_result_as_in_the_checker(tmp_path: Path) -> None:
    epochs = [16, 16, None, *EPOCHS[:6], None]
    for number, reached in enumerate(epochs):
        (tmp_path / f"result_{number}.txt").write_text(mlperf_log(reached), encoding="latin-1")
    files = [str(path) for path in sorted(tmp_path.iterdir())]
    assert rcp_checker.get_submission_epochs(files, "5.0.0", False)[1] is None
    verdict = judge_epochs(epochs, EPOCHS)
    assert (verdict.outcome, verdict.mean, verdict.speedup) == ("too few trials", None, None)
    assert "2 of 10 trials missed the target" in verdict.sentence


def mlperf_log(epochs: float | None) -> str:
    events = [
        {"key": "submission_benchmark", "value": "resnet", "metadata": {}},
        {"key": "global_batch_size", "value": 512, "metadata": {}},
        {"key": "eval_accuracy", "value": 0.9, "metadata": {"epoch_num": epochs or 20}},
        {"key": "run_stop", "value": None, "metadata": {"status": "success" if epochs else "aborted"}},
    ]
    return "".join(f":::MLLOG {json.dumps(event)}\n" for event in events)


def test_more_misses_than_chance_explains_are_a_regression() -> None:
    verdict = judge_epochs([None] * 5 + [16] * 5, EPOCHS)
    assert verdict.outcome == "regression"
    assert verdict.p_value is not None
    assert verdict.p_value < 0.05
    assert "5 of 10 trials missed the target" in verdict.sentence


def test_a_run_that_never_reaches_the_target_is_a_regression() -> None:
    assert judge_epochs([None] * 10, EPOCHS).outcome == "regression"


def test_a_recipe_whose_trials_often_miss_holds_when_compared_with_itself() -> None:
    half = [None] * 5 + [8, 9, 9, 9, 8]
    verdict = judge_epochs(half, half)
    assert verdict.outcome == "holds"
    assert "5 of 10 trials missed the target, 5 of 10 of the baseline's" in verdict.sentence


def test_two_misses_of_many_trials_do_not_stop_the_judgement() -> None:
    many = EPOCHS * 5
    assert judge_epochs([None, None, *many], many).outcome == "holds"


def test_a_run_without_its_baselines_many_misses_is_reported_as_too_fast() -> None:
    assert judge_epochs([8] * 10, [None] * 6 + [9, 9, 9, 9]).outcome == "too fast"


# --- no spread ---


@pytest.mark.parametrize("other", [15, 17])
def test_one_trial_off_by_one_epoch_holds_with_a_baseline_without_spread(other: int) -> None:
    assert judge_epochs([16] * 9 + [other], [16] * 10).outcome == "holds"
    assert judge_epochs([16, 16, other], [16] * 10).outcome == "holds"


@pytest.mark.parametrize("other", [15, 17])
def test_two_trials_off_by_one_epoch_hold_with_a_baseline_without_spread(other: int) -> None:
    run = [16] * 8 + [other] * 2
    if other < 16:
        assert not checker([16] * 10, 10).believes(run)  # theirs fails every mean below the reference's
    verdict = judge_epochs(run, [16] * 10)
    assert verdict.outcome == "holds"
    assert "the baseline's 16.00 without spread and the run's own of 0.40" in verdict.sentence


def test_most_of_the_trials_one_epoch_later_are_evidence() -> None:
    assert judge_epochs([16] * 5 + [17] * 5, [16] * 10).outcome == "holds"
    assert judge_epochs([16] * 3 + [17] * 7, [16] * 10).outcome == "regression"


@pytest.mark.parametrize(("epochs", "outcome"), [(17, "regression"), (15, "too fast"), (16, "holds")])
def test_without_spread_on_either_side_every_difference_counts(epochs: int, outcome: str) -> None:
    verdict = judge_epochs([epochs] * 4, [16] * 10)
    assert verdict.outcome == outcome
    assert verdict.p_value == pytest.approx(1 if epochs == 16 else 1 / math.comb(14, 4))


@given(st.floats(0.1, 100), st.integers(4, 20), st.integers(3, 20))
def test_equal_values_hold_whatever_they_round_to(value: float, trials: int, count: int) -> None:
    assert judge_epochs([value] * count, [value] * trials).outcome == "holds"


# --- too few trials ---


@pytest.mark.parametrize(
    ("run", "baseline"),
    [
        ([], EPOCHS),
        ([16], EPOCHS),
        ([16, 16], EPOCHS),
        (EPOCHS, [16, 17]),
        (EPOCHS, []),
        ([16, 17, 18], [16, 17, 18]),
        (EPOCHS, [None] * 10),
        (EPOCHS, [None] * 8 + [16, 17]),
    ],
)
def test_too_few_trials_are_reported_as_such(run: list[float], baseline: list[float | None]) -> None:
    verdict = judge_epochs(run, baseline)
    assert (verdict.outcome, verdict.mean, verdict.point, verdict.p_value) == (
        "too few trials",
        None,
        None,
        None,
    )
    assert re.search(r"; needs \d+ more of the (run|baseline)'s", verdict.sentence)


def test_unequal_numbers_of_trials_are_judged() -> None:
    assert judge_epochs([16, 15, 17], EPOCHS).outcome == "holds"
    assert judge_epochs(EPOCHS * 3, EPOCHS).outcome == "holds"


@pytest.mark.parametrize("odd", [math.nan, math.inf, 0.0, -1.0, NEVER])
def test_an_invalid_number_of_epochs_is_a_miss(odd: float) -> None:
    assert judge_epochs([odd, *[16] * 9], EPOCHS) == judge_epochs([None, *[16] * 9], EPOCHS)


maybe = st.none() | st.floats() | st.integers(1, 40)


@given(st.lists(maybe, max_size=14), st.lists(maybe, max_size=14))
def test_any_input_gets_an_answer(run: list[float | None], baseline: list[float | None]) -> None:
    verdict = judge_epochs(run, baseline)
    assert verdict.outcome in ("holds", "too fast", "regression", "too few trials")
    assert verdict.sentence
    assert verdict.p_value is None or 0 <= verdict.p_value <= 1


@given(st.lists(st.integers(10, 20), min_size=3, max_size=10), st.integers(0, 10))
def test_epochs_later_never_turn_a_regression_into_anything_else(run: list[int], later: int) -> None:
    if judge_epochs(run, EPOCHS).outcome == "regression":
        assert judge_epochs([epochs + later for epochs in run], EPOCHS).outcome == "regression"
