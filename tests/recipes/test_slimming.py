"""The recipes of network slimming have the published settings, and the small one fits a CPU."""

from __future__ import annotations

import pytest
import torch
import torchvision

from dawnbench.optim.schedules import Stretched
from dawnbench.recipes import NormScalePenaltySpec, Recipe, TorchvisionWeightsSpec, find_recipe
from dawnbench.recipes.shipped_counts import shipped_counts

LARGE = [find_recipe(f"slim-{name}") for name in ("vgg16", "resnet50", "mobilenetv2")]
CPU_FLOPS = 330e9
"""Per second, of training steps of `slim-vgg-small` in bf16 on two cores of an AMD EPYC (Zen 4): 244 ms of
processor time per step of 40 GFLOP."""


@pytest.mark.parametrize("recipe", LARGE, ids=lambda recipe: recipe.name)
def test_the_large_networks_train_as_published(recipe: Recipe) -> None:
    assert (recipe.dataset.name, recipe.dataset.image_size) == ("cifar100", 224)
    assert (recipe.epochs, recipe.batch_size, recipe.label_smoothing) == (100, 128, 0.1)
    assert isinstance(recipe.weights, TorchvisionWeightsSpec)
    optimizer = recipe.to_dict()["optimizer"]
    decay = 1e-5 if recipe.name == "slim-mobilenetv2" else 1e-4
    assert (optimizer["momentum"], optimizer["weight_decay"], optimizer["decay_vectors"]) == (
        0.9,
        decay,
        False,
    )
    rate = Stretched(recipe.schedule.build(), recipe.epochs)
    assert [rate(epoch) for epoch in (2.5, 5, 39.9, 40.1, 60.1, 80.1)] == pytest.approx(
        [0.025, 0.05, 0.05, 0.005, 0.0005, 0.00005]
    )


@pytest.mark.parametrize("recipe", LARGE, ids=lambda recipe: recipe.name)
def test_torchvisions_weights_fit_but_for_the_head(recipe: Recipe) -> None:
    weights = torchvision.models.get_weight(recipe.model.torchvision_weights)
    with torch.device("meta"):
        theirs = torchvision.models.get_model(type(weights).__name__.removesuffix("_Weights").lower())
        own = recipe.model.build(3, 100)
    shapes, others = ({k: v.shape for k, v in m.state_dict().items()} for m in (own, theirs))
    assert list(shapes) == list(others)
    assert {others[name][0] for name in shapes if shapes[name] != others[name]} == {1000}


@pytest.mark.parametrize(
    ("name", "strength"),
    [("vgg16", 1e-4), ("resnet50", 1e-5), ("mobilenetv2", 1e-5), ("vgg19", 1e-4), ("resnet56", 1e-5)],
)
def test_the_penalties_are_the_published_ones(name: str, strength: float) -> None:
    recipe = find_recipe(f"slim-{name}")
    assert recipe.penalty == NormScalePenaltySpec(strength)
    assert recipe.evaluation.top5


def test_the_small_networks_rate_falls_at_half_and_three_quarters() -> None:
    for name in ("slim-vgg19", "slim-resnet56"):
        recipe = find_recipe(name)
        rate = Stretched(recipe.schedule.build(), recipe.epochs)
        assert [rate(epoch) for epoch in (0.5, 79, 81, 121)] == pytest.approx([0.1, 0.1, 0.01, 0.001])


def test_the_whole_chain_of_the_smallest_network_takes_half_an_hour_on_two_cores() -> None:
    """Sparse training, then 5 epochs of fine-tuning and 15 of a control at, at worst, the dense size."""
    recipe = find_recipe("slim-vgg-small")
    counts = shipped_counts(recipe)
    assert counts is not None
    assert (3 * counts.model.flops_per_trial) / CPU_FLOPS < 30 * 60
