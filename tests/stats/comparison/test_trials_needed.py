from __future__ import annotations

import pytest

from dawnbench.stats.comparison.trials_needed import (
    again,
    as_launched,
    missing_pairs,
    missing_trials,
    too_few_pairs,
    too_few_to_compare,
)


@pytest.mark.parametrize(
    ("reference", "other", "missing"),
    [(5, 5, (0, 0)), (3, 3, (2, 2)), (3, 4, (2, 1)), (3, 8, (1, 0)), (8, 3, (0, 1)), (3, 9, (0, 0))],
)
def test_the_side_with_fewer_trials_gets_the_next_one(
    reference: int, other: int, missing: tuple[int, int]
) -> None:
    assert missing_trials(reference, other) == missing


@pytest.mark.parametrize(("reference", "other", "missing"), [(3, 3, 1), (10, 1, 1), (2, 2, 3), (10, 2, 0)])
def test_a_fixed_reference_gets_no_trial(reference: int, other: int, missing: int) -> None:
    found = missing_trials(reference, other, alpha=0.05, alternative="greater", fixed_reference=True)
    assert found == (0, missing)


@pytest.mark.parametrize(("pairs", "missing"), [(0, 8), (4, 4), (8, 0), (20, 0)])
def test_a_verdict_takes_eight_pairs(pairs: int, missing: int) -> None:
    assert missing_pairs(pairs) == missing


def test_too_few_are_said_before_they_run() -> None:
    assert too_few_to_compare(3) == "3 trials cannot show which of two runs is faster; that takes --trials 5"
    assert too_few_pairs(1) == "1 pair cannot show which side is faster; that takes --trials 8"
    assert (too_few_to_compare(5), too_few_pairs(8)) == (None, None)


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (("dawnbench", "run", "davidnet"), "dawnbench run davidnet --trials 5"),
        (("dawnbench", "run", "--trials", "3", "my net.py"), "dawnbench run 'my net.py' --trials 5"),
        (("dawnbench", "ab", "a.py", "b.py", "--trials=4"), "dawnbench ab a.py b.py --trials 5"),
        (("pytest", "tests/test_speed.py::test_it"), None),
        ((), None),
    ],
)
def test_a_recorded_command_is_repeated_with_more_trials(
    command: tuple[str, ...], expected: str | None
) -> None:
    assert again(command, 5) == expected


def test_as_many_processes_are_started_as_before() -> None:
    run = ("dawnbench", "run", "davidnet")
    assert again(run, 5, 8) == "torchrun --nproc-per-node 8 -m dawnbench run davidnet --trials 5"
    assert again((*run, "--gpus", "8"), 5, 8) == "dawnbench run davidnet --gpus 8 --trials 5"
    assert again((*run, "--gpus=8"), 5, 8) == "dawnbench run davidnet --gpus=8 --trials 5"
    assert as_launched(run, 16, 2) == (
        *("torchrun", "--nnodes", "2", "--rdzv-backend", "c10d", "--rdzv-endpoint", "HOST:29500"),
        *("--nproc-per-node", "8", "-m", *run),
    )
    assert as_launched((), 8, 1) == ()
