"""Two ranks on the CPU train as one does: the same losses, the same accuracies, the same weights."""

from __future__ import annotations

import json
import os
import socket
import subprocess
from pathlib import Path
from typing import Any

import pytest

from dawnbench.engine.distributed import SINGLE
from tests.engine.rank_trials import RESUMED, TRAIN, VALIDATION, results

ROOT = Path(__file__).parents[2]


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def rank_environment(rank: int, size: int, port: int) -> dict[str, str]:
    """Return the variables that torchrun would set on one node."""
    return os.environ | {
        "RANK": str(rank),
        "LOCAL_RANK": str(rank),
        "WORLD_SIZE": str(size),
        "LOCAL_WORLD_SIZE": str(size),
        "GROUP_RANK": "0",
        "GROUP_WORLD_SIZE": "1",
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(port),
        "OMP_NUM_THREADS": "1",
        "PYTHONPATH": str(ROOT),
    }


@pytest.fixture(scope="module")
def two(warm: str, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """What each of two ranks found."""
    out, port = tmp_path_factory.mktemp("ranks"), free_port()
    command = [warm, "-m", "tests.engine.rank_trials", str(out)]
    processes = [
        subprocess.Popen(command, env=rank_environment(rank, 2, port), cwd=ROOT) for rank in range(2)
    ]
    assert [process.wait(120) for process in processes] == [0, 0]
    return [json.loads((out / f"{rank}.json").read_text()) for rank in range(2)]


@pytest.fixture(scope="module")
def one(one_thread: None, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return results(SINGLE, tmp_path_factory.mktemp("one"))


LOSSES = ("train_loss", "last_batch_loss", "validation_loss")
COUNTS = ("train_correct", "train_images", "validation_correct", "validation_images")


@pytest.mark.parametrize("name", ["synchronized", "local", "average", "views"])
def test_two_ranks_have_the_loss_curve_and_the_accuracies_of_one(
    name: str, one: dict[str, Any], two: list[dict[str, Any]]
) -> None:
    alone, together = one[name]["epochs"], two[0][name]["epochs"]
    assert len(alone) == len(together) >= 2
    for expected, found in zip(alone, together, strict=True):
        # Sums in another order round differently, and from epoch to epoch the difference grows.
        tolerance = 1e-4 if expected["epoch"] == 1 else 2e-3
        for loss in LOSSES:
            assert found[loss] == pytest.approx(expected[loss], abs=tolerance, rel=tolerance), (name, loss)
    assert [together[0][count] for count in COUNTS] == [alone[0][count] for count in COUNTS]
    assert together[0]["validation_images"] == VALIDATION


def test_all_ranks_end_with_the_same_numbers(two: list[dict[str, Any]]) -> None:
    first, second = ({name: t["epochs"] for name, t in r.items() if isinstance(t, dict)} for r in two)
    assert first == second
    for name in first:
        assert two[0][name]["weights"] == two[1][name]["weights"], name


@pytest.mark.parametrize("name", RESUMED)
def test_a_trial_of_two_ranks_goes_on_from_a_file_of_the_first(name: str, two: list[dict[str, Any]]) -> None:
    for rank in two:
        assert rank[name]["gone on"] == rank[name]["epochs"][1:]


def test_gradients_added_up_in_bf16_are_coarser_but_close(two: list[dict[str, Any]]) -> None:
    exact, coarse = (two[0][name]["epochs"][0]["train_loss"] for name in ("local", "bf16"))
    assert exact != coarse
    assert coarse == pytest.approx(exact, abs=0.01)


def test_a_last_batch_that_does_not_split_evenly_counts_every_image_once(
    one: dict[str, Any], two: list[dict[str, Any]]
) -> None:
    for found in (one, two[0]):
        assert [epoch["train_images"] for epoch in found["uneven"]["epochs"]] == [TRAIN] * 4


def test_layers_that_draw_at_random_draw_differently_on_each_rank(two: list[dict[str, Any]]) -> None:
    assert two[0]["uneven"]["mask"] != two[1]["uneven"]["mask"]


@pytest.mark.parametrize(
    ("what", "sentence"),
    [
        ("odd batch", "batch_size=15 is the batch of all devices together and cannot be split evenly"),
        ("tiny last batch", "the last batch of an epoch has 1 image, fewer than the 2 devices"),
        ("ghost norms", "for davidnet set model.norm_splits=1"),
    ],
)
def test_what_cannot_be_split_is_refused_in_a_sentence(
    what: str, sentence: str, two: list[dict[str, Any]]
) -> None:
    assert sentence in two[0][what]
    assert two[0][what] == two[1][what]


@pytest.mark.parametrize("device", ["mps", "cuda:0"])
def test_a_device_that_all_ranks_would_take_is_refused_by_rank_0_for_all(
    device: str, two: list[dict[str, Any]]
) -> None:
    first, second = (found[device] for found in two)
    assert first.startswith(f"device {device} is a single one, and 2 processes need one each")
    assert second == f"rank 0: {first}"
