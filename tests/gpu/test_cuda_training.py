"""Training on a GPU: that it learns, repeats itself, and never makes the host wait within an epoch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from dawnbench.data.dataset import Dataset
from dawnbench.engine.checkpoint import Checkpoint, CheckpointFacts, SavedTrial, read_checkpoint
from dawnbench.engine.device import Device
from dawnbench.engine.hooks import EpochResult, Hook
from dawnbench.engine.ledger import Ledger
from dawnbench.engine.prepare import Prepared, prepare
from dawnbench.engine.trial import Trial
from dawnbench.engine.warm_up import warm_up
from dawnbench.grace import Grace
from dawnbench.recipes import Recipe, find_recipe
from dawnbench.recipes.catalogue import PLACES

pytestmark = pytest.mark.gpu

MakePrepared = Callable[[Recipe], Prepared]
Narrow = Callable[..., Recipe]
EACH = pytest.mark.parametrize("name", ["davidnet", "davidnet-10", "davidnet-onecycle", "speedrun"])


class Results(Hook):
    """Keeps what every epoch came to."""

    def __init__(self) -> None:
        self.found: list[EpochResult] = []

    def after_epoch(self, trial: Trial, result: EpochResult) -> None:
        self.found.append(result)


def train(prepared: Prepared, seed: int = 0) -> list[EpochResult]:
    results = Results()
    Trial(prepared, seed, Ledger(prepared.device), (results,)).run()
    return results.found


@contextmanager
def no_waiting() -> Iterator[None]:
    """Make torch raise where the host would wait for the GPU."""
    torch.cuda.set_sync_debug_mode("error")
    try:
        yield
    finally:
        torch.cuda.set_sync_debug_mode("default")


@EACH
def test_learns(name: str, make_prepared: MakePrepared, narrow: Narrow) -> None:
    last = train(make_prepared(narrow(name, epochs=8)))[-1]
    assert last.train_correct / last.train_images > 0.9


@EACH
def test_the_same_seed_gives_close_results(name: str, make_prepared: MakePrepared, narrow: Narrow) -> None:
    prepared = make_prepared(narrow(name, epochs=2))
    first, second = train(prepared, seed=3)[-1], train(prepared, seed=3)[-1]
    # cuDNN's fastest algorithms add in any order, so the last digits may differ.
    assert second.train_loss == pytest.approx(first.train_loss, rel=0.05)


def test_another_seed_gives_another_result(make_prepared: MakePrepared, narrow: Narrow) -> None:
    prepared = make_prepared(narrow("davidnet", epochs=1))
    assert train(prepared, seed=1)[0].train_loss != train(prepared, seed=2)[0].train_loss


@EACH
@pytest.mark.parametrize("capture", [True, False])
def test_an_epoch_never_waits_for_the_gpu(
    name: str, capture: bool, make_prepared: MakePrepared, narrow: Narrow, device: Device
) -> None:
    prepared = make_prepared(narrow(name, capture=capture))
    warm_up(prepared)
    trial = Trial(prepared, 0, Ledger(device))
    with no_waiting():
        trial.train_epoch()
        trial.evaluate()
        prepared.evaluation(last=True)  # looks at which images are in doubt


def test_waiting_is_noticed(device: Device) -> None:
    scalar = torch.ones((), device=device.torch)
    with no_waiting(), pytest.raises(RuntimeError, match="synchroniz"):
        scalar.item()


@pytest.mark.parametrize("name", ["davidnet", "speedrun"])
def test_compiled_training_learns(name: str, make_prepared: MakePrepared, narrow: Narrow) -> None:
    prepared = make_prepared(narrow(name, epochs=8, compile=True))
    warm_up(prepared)
    assert prepared.notes == []
    last = train(prepared)[-1]
    assert last.train_correct / last.train_images > 0.9


def launched(prepared: Prepared) -> Counter[str]:
    """Return how often the host called each operation in one trial."""
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU]) as profiled:
        train(prepared)
    return Counter(event.name for event in profiled.events())


@EACH
def test_a_warmed_trial_replays_its_steps(name: str, make_prepared: MakePrepared, narrow: Narrow) -> None:
    recipe = narrow(name)
    prepared = make_prepared(recipe)
    warm_up(prepared)
    assert launched(prepared)["aten::convolution_backward"] == 0
    single = make_prepared(replace(recipe, capture=False))
    warm_up(single)
    assert launched(single)["aten::convolution_backward"] > 0


@pytest.mark.parametrize("name", PLACES)
def test_every_recipe_of_the_package_trains_with_all_steps_replayed(
    name: str, make_prepared: MakePrepared, narrow: Narrow
) -> None:
    # The images have three channels, also for a recipe that knows the statistics of gray ones.
    measured = replace(find_recipe(name).dataset, mean=None, std=None)
    # Initial weights that are not on this machine would be noted.
    prepared = make_prepared(narrow(name, epochs=2, dataset=measured, weights=None))
    warm_up(prepared)
    assert prepared.notes == []
    assert launched(prepared)["aten::convolution_backward"] == 0
    assert len(train(prepared)) == 2


@EACH
def test_replayed_steps_train_as_single_operations_do(
    name: str, make_prepared: MakePrepared, narrow: Narrow
) -> None:
    recipe = narrow(name, epochs=3, precision="fp32")
    captured, single = make_prepared(recipe), make_prepared(replace(recipe, capture=False))
    warm_up(captured)
    warm_up(single)
    for mine, other in zip(train(captured, seed=3), train(single, seed=3), strict=True):
        assert mine.train_loss == pytest.approx(other.train_loss, rel=0.05)


def test_a_second_trial_owes_nothing_to_the_first(make_prepared: MakePrepared, narrow: Narrow) -> None:
    prepared = make_prepared(narrow("speedrun", epochs=2))
    warm_up(prepared)
    first = train(prepared, seed=3)[-1]
    train(prepared, seed=4)
    assert train(prepared, seed=3)[-1].train_loss == pytest.approx(first.train_loss, rel=0.05)


class MidEpoch(Hook):
    """Keeps the state of a trial in the middle of its second epoch, as a checkpoint's file gives it back."""

    segment = "checkpoint"

    def __init__(self, path: Path) -> None:
        self.path = path
        self.saved: SavedTrial | None = None

    def after_step(self, trial: Trial, step: int) -> None:
        if trial.epoch == 1 and trial.is_within_epoch and self.saved is None:
            facts = CheckpointFacts(1, 3, "recipe", "data")
            Checkpoint(self.path, 1, facts, Grace()).save_and_interrupt(trial)
            self.saved = read_checkpoint(self.path, torch.device("cuda"))


@EACH
def test_a_trial_goes_on_from_a_checkpoint(
    name: str, make_prepared: MakePrepared, narrow: Narrow, tmp_path: Path
) -> None:
    prepared = make_prepared(narrow(name, epochs=3, precision="fp32"))
    warm_up(prepared)
    kept, whole = MidEpoch(tmp_path / "checkpoint.pt"), Results()
    Trial(prepared, 3, Ledger(prepared.device), (whole, kept)).run()
    train(prepared, seed=4)
    assert kept.saved is not None
    again = Results()
    trial = Trial(prepared, 5, Ledger(prepared.device), (again, MidEpoch(tmp_path / "other.pt")))
    kept.saved.load(trial)
    trial.run()
    assert [result.epoch for result in again.found] == [2, 3]
    for mine, other in zip(again.found, whole.found[1:], strict=True):
        assert mine.train_loss == pytest.approx(other.train_loss, rel=0.05)


@EACH
def test_a_second_trial_asks_the_driver_for_no_memory(
    name: str, make_prepared: MakePrepared, narrow: Narrow
) -> None:
    prepared = make_prepared(narrow(name, epochs=2))
    warm_up(prepared)
    train(prepared, seed=1)
    before = torch.cuda.memory_stats()
    train(prepared, seed=2)
    after = torch.cuda.memory_stats()
    for count in ("num_alloc_retries", "segment.all.allocated"):
        assert after[count] == before[count], count


@pytest.mark.parametrize("name", ["davidnet", "speedrun"])
def test_the_final_evaluation_takes_as_long_in_every_trial(
    name: str, narrow: Narrow, images: Dataset, device: Device
) -> None:
    # Twenty times the images, so that the kernels take longer than their launch.
    larger = replace(
        images,
        test_images=np.tile(images.test_images, (20, 1, 1, 1)),
        test_labels=np.tile(images.test_labels, 20),
    )
    prepared = prepare(narrow(name, epochs=2), larger, device)
    warm_up(prepared)
    seconds = []
    for seed in range(5):
        ledger = Ledger(device)
        Trial(prepared, seed, ledger).run()
        (final,) = (s for s in ledger.segments() if s.name == "final_evaluate")
        seconds.append(final.length_ns / 1e9)
    assert max(seconds) / min(seconds) < 1.5, seconds
