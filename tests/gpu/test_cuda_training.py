"""Training on a GPU: that it learns, repeats itself, and never makes the host wait within an epoch."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
import torch

from dawnbench.recipes import Recipe
from dawnbench.train.device import Device
from dawnbench.train.ledger import Ledger
from dawnbench.train.trainer import EpochResult, Trainer, reset_parameters

pytestmark = pytest.mark.gpu

MakeTrainer = Callable[[Recipe], Trainer]
Narrow = Callable[..., Recipe]
BOTH = pytest.mark.parametrize("name", ["davidnet", "davidnet-10"])


def train(trainer: Trainer, device: Device, seed: int = 0) -> list[EpochResult]:
    results: list[EpochResult] = []
    trainer.trial(seed, Ledger(device), results.append, lambda _step: None)
    return results


@contextmanager
def no_waiting() -> Iterator[None]:
    """Make torch raise where the host would wait for the GPU."""
    torch.cuda.set_sync_debug_mode("error")
    try:
        yield
    finally:
        torch.cuda.set_sync_debug_mode("default")


@BOTH
def test_learns(name: str, make_trainer: MakeTrainer, narrow: Narrow, device: Device) -> None:
    last = train(make_trainer(narrow(name, epochs=8)), device)[-1]
    assert last.train_correct / last.train_images > 0.9


@BOTH
def test_the_same_seed_gives_close_results(
    name: str, make_trainer: MakeTrainer, narrow: Narrow, device: Device
) -> None:
    trainer = make_trainer(narrow(name, epochs=2))
    first, second = train(trainer, device, seed=3)[-1], train(trainer, device, seed=3)[-1]
    # cuDNN's fastest algorithms add in any order, so the last digits may differ.
    assert second.train_loss == pytest.approx(first.train_loss, rel=0.05)


def test_another_seed_gives_another_result(make_trainer: MakeTrainer, narrow: Narrow, device: Device) -> None:
    trainer = make_trainer(narrow("davidnet", epochs=1))
    assert train(trainer, device, seed=1)[0].train_loss != train(trainer, device, seed=2)[0].train_loss


@BOTH
def test_an_epoch_never_waits_for_the_gpu(
    name: str, make_trainer: MakeTrainer, narrow: Narrow, device: Device
) -> None:
    trainer = make_trainer(narrow(name))
    trainer.warm_up()
    plan = trainer._plan
    reset_parameters(plan.model, 0)
    train_split, validation = plan.place(trainer._train), plan.place(trainer._validation)
    state = trainer._initialise(train_split, validation, 0)
    with no_waiting():
        trainer._train_epoch(state, 1, lambda _step: None)
        trainer._evaluate(state)


def test_waiting_is_noticed(device: Device) -> None:
    scalar = torch.ones((), device=device.torch)
    with no_waiting(), pytest.raises(RuntimeError, match="synchroniz"):
        scalar.item()


def test_compiled_training_learns(make_trainer: MakeTrainer, narrow: Narrow, device: Device) -> None:
    trainer = make_trainer(narrow("davidnet", epochs=8, compile=True))
    trainer.warm_up()
    last = train(trainer, device)[-1]
    assert last.train_correct / last.train_images > 0.9
