"""Training on a GPU: that it learns, repeats itself, and never makes the host wait within an epoch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
import torch
from dawnbench.train.device import Device
from dawnbench.train.ledger import Ledger
from dawnbench.train.trainer import EpochResult, Trainer, reset_parameters

from dawnbench.recipes import Recipe

pytestmark = pytest.mark.gpu

MakeTrainer = Callable[[Recipe], Trainer]
Narrow = Callable[..., Recipe]
EACH = pytest.mark.parametrize("name", ["davidnet", "davidnet-10", "davidnet-onecycle", "speedrun"])


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


@EACH
def test_learns(name: str, make_trainer: MakeTrainer, narrow: Narrow, device: Device) -> None:
    last = train(make_trainer(narrow(name, epochs=8)), device)[-1]
    assert last.train_correct / last.train_images > 0.9


@EACH
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


@EACH
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
        trainer._evaluate(state, 1)  # at the end it looks at which images are in doubt


def test_waiting_is_noticed(device: Device) -> None:
    scalar = torch.ones((), device=device.torch)
    with no_waiting(), pytest.raises(RuntimeError, match="synchroniz"):
        scalar.item()


def test_compiled_training_learns(make_trainer: MakeTrainer, narrow: Narrow, device: Device) -> None:
    trainer = make_trainer(narrow("davidnet", epochs=8, compile=True))
    trainer.warm_up()
    last = train(trainer, device)[-1]
    assert last.train_correct / last.train_images > 0.9


def launched(trainer: Trainer, device: Device) -> Counter[str]:
    """Return how often each call of the CUDA runtime was made in one trial."""
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU]) as profiled:
        train(trainer, device)
    return Counter(event.name for event in profiled.events())


@EACH
def test_a_warmed_trial_replays_its_steps(
    name: str, make_trainer: MakeTrainer, narrow: Narrow, device: Device
) -> None:
    recipe = narrow(name)
    trainer = make_trainer(recipe)
    trainer.warm_up()
    assert launched(trainer, device)["aten::convolution_backward"] == 0
    cold = make_trainer(replace(recipe, capture=False))
    cold.warm_up()
    assert launched(cold, device)["aten::convolution_backward"] > 0


@EACH
def test_replayed_steps_train_as_single_operations_do(
    name: str, make_trainer: MakeTrainer, narrow: Narrow, device: Device
) -> None:
    recipe = narrow(name, epochs=3, precision="fp32")
    captured, single = make_trainer(recipe), make_trainer(replace(recipe, capture=False))
    captured.warm_up()
    single.warm_up()
    for mine, other in zip(train(captured, device, seed=3), train(single, device, seed=3), strict=True):
        assert mine.train_loss == pytest.approx(other.train_loss, rel=0.05)


def test_a_second_trial_owes_nothing_to_the_first(
    make_trainer: MakeTrainer, narrow: Narrow, device: Device
) -> None:
    trainer = make_trainer(narrow("speedrun", epochs=2))
    trainer.warm_up()
    first = train(trainer, device, seed=3)[-1]
    train(trainer, device, seed=4)
    assert train(trainer, device, seed=3)[-1].train_loss == pytest.approx(first.train_loss, rel=0.05)
