"""A step that cannot be captured: the run goes on without, and nothing on the GPU is the worse for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from dawnbench.campaigns import run
from dawnbench.engine.device import CaptureError, Device
from dawnbench.engine.ledger import Ledger
from dawnbench.engine.prepare import Prepared
from dawnbench.engine.trial import Trial
from dawnbench.engine.warm_up import warm_up
from dawnbench.optim.contracts import CrossEntropy, Loss
from dawnbench.recipes import LossPart, Recipe, find_recipe
from dawnbench.records.reader import read_run

pytestmark = pytest.mark.gpu


@dataclass(frozen=True)
class WaitingSpec(LossPart, kind="waits for the device"):
    """Cross-entropy that makes the host wait at every step."""

    def build(self, model: nn.Module, label_smoothing: float) -> Loss:
        entropy = CrossEntropy(label_smoothing)

        def waiting(logits: Tensor, labels: Tensor) -> Tensor:
            loss = entropy(logits, labels)
            loss.item()
            return loss

        return waiting


def test_it_is_noted_once_and_trials_draws_and_later_captures_work(
    make_prepared: Callable[[Recipe], Prepared],
    narrow: Callable[..., Recipe],
    device: Device,
) -> None:
    recipe = narrow("davidnet", epochs=2)
    prepared = make_prepared(replace(recipe, loss=WaitingSpec()))
    warm_up(prepared)
    (note,) = prepared.notes
    assert "the training steps could not be captured" in note

    first, second = (torch.rand(3, device="cuda") for _ in range(2))
    assert not torch.equal(first, second)
    for seed in (1, 2):
        trial = Trial(prepared, seed, Ledger(device))
        trial.run()
        assert trial.is_last_epoch

    other = make_prepared(recipe)
    warm_up(other)
    assert other.notes == []
    Trial(other, 1, Ledger(device)).run()
    assert torch.rand(3, device="cuda").isfinite().all()


def test_a_run_says_so_in_its_folder(tmp_path: Path) -> None:
    recipe = replace(find_recipe("quickstart"), epochs=2, trials=2, loss=WaitingSpec())
    found = read_run(run(recipe, device="cuda", out=tmp_path))
    (note,) = found.record.notes
    assert "the training steps could not be captured" in note
    assert [trial.status for trial in found.trials] == ["finished", "finished"]


def test_random_numbers_and_memory_are_as_if_nothing_had_been_tried(device: Device) -> None:
    block = torch.ones(64 << 20, device=device.torch)

    def waits() -> None:
        torch.rand_like(block)
        block[0].item()

    state, reserved = device.random_state(), torch.cuda.memory_reserved()
    with pytest.raises(CaptureError):
        device.capture(waits)
    assert torch.equal(device.random_state(), state)
    assert torch.cuda.memory_reserved() <= reserved
