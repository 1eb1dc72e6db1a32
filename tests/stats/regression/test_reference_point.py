"""Convergence points compared with those of MLCommons' own rcp_checker, as installed for the tests."""

from __future__ import annotations

import io
import json
import math
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mlperf_logging.rcp_checker import rcp_checker

from dawnbench.stats.regression.reference_point import olympic_mean, p_value, reference_point

EPOCHS = [16, 14, 16, 17, 16, 16, 15, 16, 15, 16]
BENCHMARKS = {3: "gpt3", 5: "resnet", 10: "bert"}
"""By the number of runs in a submission."""
runs = st.sampled_from(sorted(BENCHMARKS))
figure = st.integers(1, 60) | st.floats(0.5, 500).map(lambda value: round(value, 3))
figures = st.lists(figure, min_size=4, max_size=20)


class Checker(rcp_checker.RCP_Checker):  # type: ignore[misc]
    def _reset_results_scaling(self, results_dir: str) -> None:
        """Remove no file."""

    def believes(self, epochs: Sequence[float]) -> bool:
        passed, _ = self._eval_submission_record(self.record, list(epochs), "")
        return bool(passed)

    @property
    def record(self) -> dict[str, Any]:
        return dict(self.rcp_data["reference"])


def checker(epochs: Sequence[float], submitted: int) -> Checker:
    benchmark = BENCHMARKS[submitted]
    record = {"Benchmark": benchmark, "BS": 1, "Hyperparams": {}, "Epochs to converge": list(epochs)}
    file = io.StringIO(json.dumps({"reference": record}))
    return Checker("training", "5.0.0", benchmark, False, file)


def test_the_minimum_of_the_known_list_is_14_78() -> None:
    point = reference_point(EPOCHS, 5)
    assert point.minimum == pytest.approx(14.78, abs=0.005)
    assert (point.mean, point.runs) == (15.75, 5)


@given(figures, runs)
def test_the_point_is_the_checkers(epochs: list[float], submitted: int) -> None:
    theirs = checker(epochs, submitted).record
    ours = reference_point(epochs, submitted)
    assert ours.mean == pytest.approx(theirs["RCP Mean"], abs=1e-9)
    assert ours.std == pytest.approx(theirs["RCP Stdev"], abs=1e-9)
    assert ours.minimum == pytest.approx(theirs["Min Epochs"], abs=1e-9)
    assert ours.max_speedup == pytest.approx(theirs["Max Speedup"], rel=1e-9)


@given(figures, runs, st.floats(0.2, 2))
def test_the_p_value_is_the_checkers(epochs: list[float], submitted: int, factor: float) -> None:
    point = reference_point(epochs, submitted)
    if point.std < 1e-9:
        return
    n = len(epochs) - 2, submitted - 2
    mean = factor * point.mean
    _, faster = checker(epochs, submitted)._find_p_value(mean, point.std, n[0], point.mean, point.std, n[1])
    assert p_value(mean, point, len(epochs)) == pytest.approx(min(faster, 1 - faster), abs=1e-9)


@given(figures, runs)
def test_the_maximum_is_where_the_slower_side_reaches_one_in_a_hundred(
    epochs: list[float], submitted: int
) -> None:
    point = reference_point(epochs, submitted)
    if point.std < 1e-9:
        assert point.maximum == pytest.approx(point.mean)
        return
    assert p_value(point.maximum, point, len(epochs)) == pytest.approx(0.01, abs=1e-6)
    assert point.minimum <= point.mean <= point.maximum


@given(figures.flatmap(lambda epochs: st.tuples(st.just(epochs), st.permutations(epochs))), runs)
def test_the_order_of_the_trials_does_not_matter(
    both: tuple[list[float], list[float]], submitted: int
) -> None:
    one, other = (reference_point(epochs, submitted) for epochs in both)
    assert one.mean == pytest.approx(other.mean, rel=1e-12)
    assert one.minimum == pytest.approx(
        other.minimum, abs=2e-4
    )  # rounding may turn the bisection's last step


def test_more_trials_to_be_judged_leave_less_to_chance() -> None:
    by_runs = [reference_point(EPOCHS, submitted) for submitted in (3, 5, 10, 100)]
    assert sorted(by_runs, key=lambda point: point.minimum) == by_runs
    assert sorted(by_runs, key=lambda point: -point.maximum) == by_runs


def test_a_reference_without_spread_is_its_own_minimum_and_maximum() -> None:
    point = reference_point([16] * 10, 5)
    assert (point.minimum, point.mean, point.maximum, point.max_speedup) == (16, 16, 16, 1)


@pytest.mark.parametrize(
    ("epochs", "submitted"),
    [
        ([], 5),
        ([16, 17], 5),
        (EPOCHS, 2),
        ([15, 16, 17], 3),
        ([0, 1, 2, 3], 5),
        ([16, math.nan, 16, 17], 5),
        ([16, math.inf, 16, 17], 5),
    ],
)
def test_inputs_without_a_convergence_point_are_refused_with_the_reason(
    epochs: list[float], submitted: int
) -> None:
    with pytest.raises(ValueError, match=r"too few|finite and above zero"):
        reference_point(epochs, submitted)


def test_a_value_beyond_float_resolution_ends_the_bisection() -> None:
    assert reference_point([1e15, 2e15, 3e15, 4e15], 5).minimum < 2.5e15


def test_the_olympic_mean_leaves_out_the_best_and_the_worst() -> None:
    assert olympic_mean([5, 1, 2, 3]) == 2.5
    assert olympic_mean([2, math.inf, 4]) == 4
    assert olympic_mean([2, math.inf, 4, math.inf]) == math.inf


@given(st.floats(0.1, 100), st.integers(3, 30))
def test_the_olympic_mean_of_equal_values_is_that_value(value: float, count: int) -> None:
    assert olympic_mean([value] * count) == value


@pytest.mark.parametrize("epochs", [[], [1], [1, 2], [1, 2, math.nan]])
def test_an_olympic_mean_of_too_few_values_is_refused(epochs: list[float]) -> None:
    with pytest.raises(ValueError, match="at least 3 numbers"):
        olympic_mean(epochs)
