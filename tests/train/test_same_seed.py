from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import torch
from dawnbench.recipes.build import make_model, make_plan
from dawnbench.train.device import open_device
from dawnbench.train.ledger import Ledger
from dawnbench.train.plan import Split
from dawnbench.train.trainer import EpochResult, Trainer

from dawnbench.data.dataset import make_dataset
from dawnbench.recipes import find_recipe
from dawnbench.recipes.overrides import override

TINY = ["model.widths=[2,3,4,5]", "batch_size=16", "epochs=2", "precision=fp32", "average.every=1"]


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def new_trainer() -> Trainer:
    """Return a trainer of a narrow davidnet-10: whitening, ghost norms, crop, flip and average."""
    draws = np.random.default_rng(0)
    train, test = (draws.integers(0, 256, (n, 32, 32, 3), dtype=np.uint8) for n in (32, 12))
    dataset = make_dataset(
        "tiny",
        train_images=train,
        train_labels=np.arange(32) % 4,
        test_images=test,
        test_labels=np.arange(12) % 4,
    )
    recipe, cpu = override(find_recipe("davidnet-10"), TINY), open_device("cpu")
    plan = make_plan(recipe, dataset, cpu, make_model(recipe, dataset, cpu))
    return Trainer(
        plan,
        cpu,
        Split(torch.from_numpy(dataset.train_images), torch.from_numpy(dataset.train_labels)),
        Split(torch.from_numpy(dataset.test_images), torch.from_numpy(dataset.test_labels)),
    )


def trial(trainer: Trainer, seed: int) -> list[EpochResult]:
    results: list[EpochResult] = []
    trainer.trial(seed, Ledger(open_device("cpu")), results.append, lambda _step: None)
    return results


def test_the_same_seed_gives_the_same_numbers_and_another_seed_does_not() -> None:
    trainer = new_trainer()
    first, other, again = trial(trainer, 3), trial(trainer, 4), trial(trainer, 3)
    assert [result.epoch for result in first] == [1, 2]
    assert again == first
    assert all(a.train_loss != b.train_loss for a, b in zip(first, other, strict=True))


def test_warm_up_and_the_state_of_the_process_change_nothing() -> None:
    torch.manual_seed(0)
    plain = trial(new_trainer(), 3)
    torch.manual_seed(123)
    warm = new_trainer()
    warm.warm_up()
    assert trial(warm, 3) == plain
