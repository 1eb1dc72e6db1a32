from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dawnbench.records.reader import Run
from dawnbench.stats.pooling import pool_runs
from tests.records.examples import RUN
from tests.report.write_up.models import RISING, model_run


def names(runs: list[Run]) -> list[tuple[str, ...]]:
    return [run.pooled_from or (run.folder.name,) for run in runs]


def test_runs_with_other_seeds_are_one_with_all_their_trials(tmp_path: Path) -> None:
    first = model_run(tmp_path / "a", RISING, [0.9] * 3)
    between = model_run(tmp_path / "b", name="mnist-2", recipe_digest="other")
    last = model_run(tmp_path / "c", [0.8] * 2, seed=2)
    one, other = pool_runs([first, between, last])
    assert other == between
    assert one.pooled_from == ("a", "c")
    assert one.record.trials == 3
    assert [trial.trial for trial in one.trials] == [1, 2, 3]
    assert [len(one.epochs_of(number)) for number in (1, 2, 3)] == [7, 3, 2]
    assert one.epochs_of(3)[1].validation_accuracy == 0.8


def test_trials_that_did_not_begin_keep_their_numbers(tmp_path: Path) -> None:
    one, *rest = pool_runs(
        [
            model_run(tmp_path / "a", RISING, trials=3, status="interrupted"),
            model_run(tmp_path / "b", RISING, seed=1),  # in the place of what the first did not begin
        ]
    )
    assert rest == []
    assert {epoch.trial for epoch in one.epochs} == {1, 4}
    assert (one.record.trials, one.record.status) == (4, "interrupted")


@pytest.mark.parametrize(
    "changes",
    [
        {"seed": 0},
        {"name": "mnist-2"},
        {"recipe_digest": "other"},
        {"target": 0.99},
        {"precision": "bf16"},
        {"device_name": "another"},
        {"environment": {**RUN.environment, "packages": {"torch": "2.11.0"}}},
        {"environment": {**RUN.environment, "cpu": {"threads": 1}}},
    ],
)
def test_runs_that_differ_or_share_a_seed_stay_apart(changes: dict[str, Any], tmp_path: Path) -> None:
    alike = {"seed": 1}
    assert len(pool_runs([model_run(tmp_path / "a"), model_run(tmp_path / "b", **alike)])) == 1
    runs = [model_run(tmp_path / "c"), model_run(tmp_path / "d", **{**alike, **changes})]
    assert pool_runs(runs) == runs


@given(seeds=st.lists(st.tuples(st.integers(0, 6), st.integers(1, 3)), max_size=6))
def test_no_trial_is_lost_and_no_seed_counts_twice(
    seeds: list[tuple[int, int]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("runs")
    runs = [
        model_run(folder / str(number), *[[0.5]] * trials, seed=first)
        for number, (first, trials) in enumerate(seeds)
    ]
    models = pool_runs(runs)
    assert sum(len(model.trials) for model in models) == sum(trials for _, trials in seeds)
    assert sorted(name for group in names(models) for name in group) == [run.folder.name for run in runs]
    for group in names(models):
        used = [seed for name in group for seed in range(seeds[int(name)][0], sum(seeds[int(name)]))]
        assert len(used) == len(set(used))
