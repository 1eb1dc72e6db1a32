"""A loss of the user's own, by a part of a recipe."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest
import torch
from torch import Tensor, nn

from dawnbench.engine.device import open_device
from dawnbench.engine.prepare import Prepared, prepare
from dawnbench.optim.contracts import CrossEntropy
from dawnbench.recipes.part import LossPart
from tests.engine.fakes import results_of
from tests.engine.small import noise, small_recipe

pytestmark = pytest.mark.usefixtures("one_thread")


def scales(model: nn.Module) -> list[Tensor]:
    return [module.weight for module in model.modules() if isinstance(module, nn.BatchNorm2d)]


def trained_on(loss: LossPart | None, *settings: str) -> tuple[Prepared, list[float]]:
    """Return what was trained, and the training losses of its epochs."""
    recipe = small_recipe("davidnet", "epochs=3", *settings)
    if loss is not None:
        recipe = replace(recipe, loss=loss)
    prepared = prepare(recipe, noise(recipe), open_device("cpu"))
    return prepared, [result.train_loss for result in results_of(prepared)]


def slimming(seen: list[float]) -> type[LossPart]:
    @dataclass(frozen=True)
    class Slimming(LossPart, kind="slimming"):
        """Cross-entropy and an L1 penalty on the batch norms' scales, as network slimming has it."""

        penalty: float = 0.0

        def build(self, model: nn.Module, label_smoothing: float) -> Callable[[Tensor, Tensor], Tensor]:
            seen.append(label_smoothing)
            plain = CrossEntropy(label_smoothing)

            def loss(logits: Tensor, labels: Tensor) -> Tensor:
                size = torch.stack([scale.abs().sum() for scale in scales(model)]).sum()
                return plain(logits, labels) + self.penalty * len(labels) * size

            return loss

    return Slimming


def total(prepared: Prepared) -> float:
    return sum(scale.abs().sum().item() for scale in scales(prepared.model))


def test_a_penalty_of_the_users_own_is_trained_on() -> None:
    part = slimming([])
    plain, plain_losses = trained_on(None)
    free, free_losses = trained_on(part())
    held, held_losses = trained_on(part(penalty=0.1))
    assert free_losses == plain_losses
    assert total(free) == total(plain)
    assert total(held) < 0.9 * total(plain)
    assert held_losses[0] > plain_losses[0]


def test_label_smoothing_reaches_a_loss_of_the_users_own() -> None:
    seen: list[float] = []
    part = slimming(seen)
    _, own = trained_on(part(), "label_smoothing=0.3")
    _, plain = trained_on(None, "label_smoothing=0.3")
    assert seen == [0.3]
    assert own == plain
    assert own != trained_on(part())[1]


def test_the_validation_loss_is_plain_cross_entropy_whatever_is_trained_on() -> None:
    recipe = small_recipe("davidnet", "schedule.rates=[0,0,0]", "epochs=1")
    part = slimming([])
    first, second = (
        results_of(prepare(replace(recipe, loss=part(penalty=penalty)), noise(recipe), open_device("cpu")))
        for penalty in (0.0, 5.0)
    )
    assert first[0].validation_loss == second[0].validation_loss
    assert first[0].train_loss < second[0].train_loss
