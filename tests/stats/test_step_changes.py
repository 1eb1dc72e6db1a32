from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dawnbench.stats.step_changes import MIN_RUNS, step_changes

NOISE = 0.01


def noisy(draw: np.random.Generator, means: list[float]) -> list[float]:
    return [mean * math.exp(draw.normal(0, NOISE)) for mean in means]


def places(seconds: list[float]) -> list[int]:
    return [step.place for step in step_changes(seconds)]


@pytest.mark.parametrize("runs", [6, 8, 12, 20, 50, 200])
def test_noise_alone_shows_no_step_in_95_of_100_histories(runs: int) -> None:
    draw, histories = np.random.default_rng(runs), 200
    wrong = sum(bool(step_changes(noisy(draw, [2.5] * runs))) for _ in range(histories))
    assert wrong <= 0.05 * histories


@pytest.mark.parametrize(("before", "after"), [(10, 10), (30, 10), (10, 40), (40, 5)])
@pytest.mark.parametrize("ratio", [1.05, 1 / 1.05])
def test_a_step_of_5_percent_at_1_percent_noise_is_found_with_its_place(
    before: int, after: int, ratio: float
) -> None:
    draw, histories = np.random.default_rng(before), 100
    right = 0
    for _ in range(histories):
        found = step_changes(noisy(draw, [2.5] * before + [2.5 * ratio] * after))
        right += len(found) == 1 and abs(found[0].place - before) <= 1
    assert right >= 0.95 * histories


def test_two_steps_are_both_found() -> None:
    draw = np.random.default_rng(0)
    found = places(noisy(draw, [2.5] * 15 + [2.7] * 15 + [2.4] * 15))
    assert found == pytest.approx([15, 30], abs=1)


@pytest.mark.parametrize("runs", [8, 20, 50])
def test_one_run_on_a_busy_machine_is_not_a_step(runs: int) -> None:
    draw, histories = np.random.default_rng(runs), 100
    wrong = 0
    for _ in range(histories):
        seconds = noisy(draw, [2.5] * runs)
        seconds[draw.integers(runs)] *= 1.4
        wrong += bool(step_changes(seconds))
    assert wrong <= 0.05 * histories


@pytest.mark.parametrize("runs", [12, 20, 50, 100])
def test_times_that_jump_with_the_number_of_epochs_are_not_steps(runs: int) -> None:
    draw, histories = np.random.default_rng(runs), 100
    wrong = 0
    for _ in range(histories):
        # The median of 5 trials that reach the target after 9 or 10 epochs, at random.
        epochs = np.median(draw.integers(9, 11, (runs, 5)), axis=1)
        wrong += bool(step_changes([0.26 * n * math.exp(draw.normal(0, 0.003)) for n in epochs]))
    assert wrong <= 0.05 * histories


def test_a_step_says_its_levels_and_how_clear_it_is() -> None:
    (step,) = step_changes([2.0, 2.02, 1.98, 2.01, 1.99, 2.0, 2.2, 2.22, 2.18, 2.21, 2.19])
    assert (step.place, step.runs) == (6, (6, 5))
    assert (step.before, step.after) == pytest.approx((2.0, 2.2))
    assert step.change == pytest.approx(0.1)
    # 2 of the 462 orders of 6 and 5 values are as far apart.
    assert step.p_value == pytest.approx(2 / 462)


def test_a_step_needs_three_runs_on_either_side() -> None:
    level = [2.0, 2.01, 1.99, 2.0, 2.02, 1.98, 2.0, 2.01, 1.99, 2.0, 2.02, 1.98]
    assert places([*level, *[2.3] * (MIN_RUNS - 1)]) == []
    assert places([*level, *[2.3] * MIN_RUNS]) == [12]


@pytest.mark.parametrize("seconds", [[], [2.0], [1.0, 1.0, 9.0, 9.0, 9.0], [2.0] * 30])
def test_few_runs_or_equal_ones_have_no_step(seconds: list[float]) -> None:
    assert step_changes(seconds) == ()


@pytest.mark.parametrize("unit", [1e-6, 1.0, 1e6])
def test_a_step_between_equal_times_is_found(unit: float) -> None:
    assert places([2.0 * unit] * 8 + [2.1 * unit] * 8) == [8]


@pytest.mark.parametrize("wrong", [0.0, -1.0, math.inf, math.nan])
def test_invalid_times_are_refused(wrong: float) -> None:
    with pytest.raises(ValueError, match="finite and above zero"):
        step_changes([2.0] * 8 + [wrong])


@given(st.integers(0, 10_000), st.integers(6, 40), st.floats(0.8, 1.25), st.floats(0.01, 1000))
def test_the_unit_of_the_times_does_not_matter(seed: int, runs: int, ratio: float, scale: float) -> None:
    seconds = noisy(np.random.default_rng(seed), [2.5] * (runs // 2) + [2.5 * ratio] * (runs - runs // 2))
    assert places([scale * one for one in seconds]) == places(seconds)


@given(st.lists(st.floats(1.0, 1.2), max_size=40))
def test_a_step_lies_between_enough_runs_and_is_clear(seconds: list[float]) -> None:
    edges = [0, *places(seconds), len(seconds)]
    assert len(edges) == 2 or min(np.diff(edges)) >= MIN_RUNS
    assert all(step.p_value < 0.01 for step in step_changes(seconds))


def test_the_levels_of_several_steps_are_between_their_places() -> None:
    first, second = step_changes([2.0] * 10 + [2.2] * 10 + [2.6] * 10)
    assert (first.before, first.after, first.runs) == (2.0, 2.2, (10, 10))
    assert (second.before, second.after, second.runs) == (2.2, 2.6, (10, 10))
