"""No training step and no evaluation asks the device for a value.

On a GPU the host would have to wait for it, and a step that asks cannot be captured.

Tensors here have shapes and no values, so that whoever asks for one gets an exception.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch._subclasses.fake_tensor import DataDependentOutputException, FakeTensorMode

from dawnbench.engine.device import Device
from dawnbench.engine.ledger import Ledger
from dawnbench.engine.prepare import Prepared
from dawnbench.engine.rates import make_rates
from dawnbench.engine.resident import Split
from dawnbench.engine.trial import Trial
from dawnbench.recipes import (
    AdamSpec,
    LossPart,
    MuonSpec,
    NesterovSGDSpec,
    PiecewiseLinearSpec,
    Recipe,
    find_recipe,
    list_recipes,
)
from dawnbench.recipes.overrides import adapt

BATCH = 16


class CapturingDevice(Device):
    """A CPU that runs a step as a GPU does: rates in tensors, data in memory of its own."""

    captures = True
    fused_optimizers = True

    def preferred_precision(self) -> str:
        return "bf16"


@contextmanager
def no_values() -> Iterator[None]:
    with FakeTensorMode(allow_non_fake_inputs=True):
        yield


def steps_and_evaluation(recipe: Recipe) -> None:
    """Take every kind of step of the recipe's first epoch, and evaluate as after the last one and before."""
    size, channels = recipe.dataset.image_size, len(recipe.dataset.mean or (0,))
    settings = [f"batch_size={BATCH}", f"evaluation.batch_size={BATCH}", "epochs=1"]
    if recipe.optimizer.takes_momentum and isinstance(recipe.schedule, PiecewiseLinearSpec):
        # torch's Adam reads a momentum in a tensor on a CPU, and not on a GPU: see the test of optimizers.
        settings.append("schedule.momenta=null")
    recipe = adapt(recipe, settings)
    with no_values():

        def split(count: int) -> Split:
            pixels = torch.empty(count, size, size, channels, dtype=torch.uint8)
            return Split(pixels, torch.empty(count, dtype=torch.int64))

        prepared = Prepared(recipe, split(2 * BATCH + 3), split(3 * BATCH), 10, CapturingDevice("cpu"))
        trial = Trial(prepared, 0, Ledger(prepared.device))
        trial.train_epoch()
        for last in (False, True):
            prepared.evaluation(last)


@pytest.mark.parametrize("name", [recipe.name for recipe in list_recipes()])
def test_no_step_and_no_evaluation_of_a_recipe_reads_a_value(name: str) -> None:
    steps_and_evaluation(find_recipe(name))


@dataclass(frozen=True)
class CuriousSpec(LossPart, kind="curious"):
    def build(self, model: nn.Module, label_smoothing: float) -> Any:
        def loss(logits: Tensor, labels: Tensor) -> Tensor:
            total = nn.functional.cross_entropy(logits, labels, reduction="sum")
            return total * 2 if total > 1 else total

        return loss


def test_a_step_that_reads_a_value_is_noticed() -> None:
    recipe = adapt(find_recipe("quickstart"), ['loss={"kind": "curious"}'])
    with pytest.raises(DataDependentOutputException):
        steps_and_evaluation(recipe)


@pytest.mark.parametrize("momenta", [None, (0.95, 0.85)])
@pytest.mark.parametrize("part", [AdamSpec(), MuonSpec(), NesterovSGDSpec(bias_rate_scale=64.0)])
def test_no_optimizer_reads_a_value_on_a_gpu(
    part: Any, momenta: tuple[float, float] | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fused(*arguments: Any, lr: Any, **_named: Any) -> None:
        assert isinstance(lr, Tensor), "a rate in a captured step would never change"

    # Kernels that take pointers, and that do not exist without a GPU.
    for name in ("_fused_sgd_", "_fused_adam_"):
        monkeypatch.setattr(torch, name, fused)
    monkeypatch.setattr(torch.cuda, "is_current_stream_capturing", lambda: False)
    if momenta is not None and not part.takes_momentum:
        pytest.skip("its momentum is its own")
    schedule = PiecewiseLinearSpec(epochs=(0, 1), rates=(0.1, 0), momenta=momenta).build()
    with no_values():
        gpu = torch.device("cuda")
        with torch.device(gpu):
            model = nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.Flatten(), nn.Linear(8, 10))
        optimizer = part.build(model, batch_size=4, fused=True, dtype=torch.bfloat16)
        device: Any = SimpleNamespace(torch=gpu, captures=True)
        rates = make_rates(optimizer, schedule, 2, device)
        rates.begin_epoch(schedule, 0, 2)
        position = torch.zeros((), dtype=torch.int64, device=gpu)
        for step in range(2):
            for parameter in model.parameters():
                parameter.grad = torch.empty_like(parameter)
            rates.before_step(step)
            rates.load(position)
            optimizer.step()
