"""The weights that are pruned, how they stay so, and what is measured on the rest."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn
from torch.nn.utils import prune

from dawnbench.compress.magnitude import (
    MaskHook,
    correct_in_training_mode,
    count_flops,
    magnitude_masks,
    prunable,
    recalibrate,
)
from dawnbench.engine.device import open_device
from dawnbench.engine.ledger import Ledger
from dawnbench.engine.prepare import Prepared, make_model
from dawnbench.engine.trial import Trial
from dawnbench.recipes import find_recipe
from tests.engine.small import small

PUBLISHED = {
    **{0.5: 3291050, 0.6: 2634186, 0.68: 2108695, 0.7: 1977322, 0.75: 1648890, 0.9: 663594, 0.91: 597908},
    **{0.92: 532221, 0.93: 466535, 0.94: 400848, 0.95: 335162, 0.96: 269476, 0.97: 203789, 0.98: 138103},
    0.99: 72416,
}
"""Parameters that are left of davidnet-onecycle, by sparsity."""


@pytest.fixture(scope="module")
def davidnet() -> nn.Module:
    return make_model(find_recipe("davidnet-onecycle"), 3, 10, open_device("cpu"))


def masked(masks: dict[str, torch.Tensor]) -> int:
    return sum(int((mask == 0).sum()) for mask in masks.values())


def masks_of(prepared: Prepared, sparsity: float) -> dict[str, torch.Tensor]:
    return magnitude_masks(prunable(prepared.evaluated), sparsity, "global")


def test_davidnet_has_the_published_parameters_left(davidnet: nn.Module) -> None:
    weights = prunable(davidnet)
    parameters = sum(p.numel() for p in davidnet.parameters())
    assert (len(weights), parameters) == (9, 6575370)
    assert weights["layer3.0.conv.weight"].is_contiguous(memory_format=torch.channels_last)
    left = {s: parameters - masked(magnitude_masks(weights, s, "global")) for s in PUBLISHED}
    assert left == PUBLISHED


def test_the_smallest_weights_of_all_layers_go() -> None:
    weights = {"a": torch.tensor([[1.0, -8.0], [3.0, 7.0]]), "b": torch.tensor([[-2.0, 4.0, 6.0, 5.0]])}
    masks = magnitude_masks(weights, 0.5, "global")
    assert masks["a"].tolist() == [[0, 1], [0, 1]]
    assert masks["b"].tolist() == [[0, 0, 1, 1]]


def test_by_layer_each_loses_its_own_smallest() -> None:
    weights = {"a": torch.tensor([[1.0, -8.0], [3.0, 7.0]]), "b": torch.tensor([[-20.0, 40.0, 60.0, 30.0]])}
    masks = magnitude_masks(weights, 0.5, "layer")
    assert masks["a"].tolist() == [[0, 1], [0, 1]]
    assert masks["b"].tolist() == [[0, 1, 1, 0]]


@pytest.mark.parametrize("sparsity", [0.001, 0.3, 0.62, 0.999])
def test_torch_prunes_the_same_weights_where_it_can(sparsity: float) -> None:
    torch.manual_seed(3)
    layers = [nn.Conv2d(3, 5, 3), nn.Linear(7, 11)]
    own = magnitude_masks({str(i): layer.weight for i, layer in enumerate(layers)}, sparsity, "global")
    prune.global_unstructured(
        [(layer, "weight") for layer in layers], pruning_method=prune.L1Unstructured, amount=sparsity
    )
    for mask, layer in zip(own.values(), layers, strict=True):
        assert torch.equal(mask, layer.weight_mask)


def test_of_equal_weights_no_more_go_than_asked_for() -> None:
    masks = magnitude_masks({"a": torch.ones(4, 5), "b": -torch.ones(20)}, 0.3, "global")
    assert masked(masks) == 12
    assert masks["a"].flatten().tolist() == [0.0] * 12 + [1.0] * 8


@pytest.mark.parametrize("name", ["davidnet", "davidnet-10", "davidnet-onecycle", "speedrun"])
def test_masked_weights_stay_zero_in_training_and_all_others_train(name: str) -> None:
    prepared = small(name)
    prepared.reset(1)
    masks = masks_of(prepared, 0.7)
    start = {key: value.clone() for key, value in prepared.model.state_dict().items()}
    ledger = Ledger(prepared.device)
    Trial(prepared, 0, ledger, (MaskHook(prepared, start, masks),)).run()
    for model in (prepared.model, prepared.evaluated):
        weights = prunable(model)
        assert not any(weight[masks[key] == 0].any() for key, weight in weights.items())
        kept = [(weight != start[key])[masks[key] == 1] for key, weight in weights.items()]
        assert torch.cat(kept).float().mean() > 0.5
    assert {s.name for s in ledger.segments()} <= {
        *("to_device", "reset", "init", "train", "evaluate", "final_evaluate", "record")
    }


def test_a_trial_starts_from_the_given_weights_and_normalization() -> None:
    prepared = small("davidnet-10")
    prepared.reset(1)
    prepared.normalization.set(torch.full((3,), 0.25), torch.full((3,), 0.125))
    start = {key: value.clone() + 0.01 for key, value in prepared.model.state_dict().items()}
    masks = masks_of(prepared, 0.5)
    hook = MaskHook(prepared, start, masks)
    prepared.normalization.set(torch.zeros(3), torch.ones(3))
    Trial(prepared, 0, Ledger(prepared.device), (hook,))
    assert prepared.normalization.mean.tolist() == [0.25] * 3
    for model in (prepared.model, prepared.evaluated):
        for key, value in model.state_dict().items():
            wanted = start[key] * masks[key] if key in masks else start[key]
            assert torch.equal(value, wanted), key


def test_flops_by_hand() -> None:
    model = nn.Sequential(
        *(nn.Conv2d(3, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8), nn.AdaptiveAvgPool2d(1)),
        *(nn.Flatten(), nn.Linear(8, 10, bias=False)),
    )
    flops = count_flops(model, 3, 16)
    conv, linear = 2 * 16 * 16 * 8 * 27, 2 * 80
    assert flops.dense == conv + linear
    masks = {name: torch.ones_like(weight) for name, weight in prunable(model).items()}
    assert flops.effective(masks) == flops.dense
    masks["0.weight"][:4] = 0
    masks["4.weight"][0] = 0
    assert flops.effective(masks) == conv // 2 + linear - 2 * 8


def test_statistics_are_those_of_training_images() -> None:
    prepared = small("davidnet")
    prepared.reset(0)
    prepared.fit()
    model: Any = prepared.evaluated
    norm = model.prep.norm
    norm.running_mean.fill_(100)
    assert recalibrate(prepared, images=20, seed=0) == 32  # whole batches of 16
    with torch.no_grad():
        inputs = prepared.normalization(prepared.train.images)
        filtered = model.prep.conv(inputs)
    torch.testing.assert_close(norm.running_mean, filtered.mean((0, 2, 3)), rtol=1e-4, atol=1e-5)
    assert norm.momentum == 0.1
    assert not any(module.training for module in prepared.evaluated.modules())


def test_at_most_the_whole_batches_that_there_are() -> None:
    prepared = small("davidnet")
    assert recalibrate(prepared, images=10_000, seed=0) == 32
    assert recalibrate(prepared, images=1, seed=0) == 16


@pytest.mark.parametrize("name", ["davidnet", "mnist-5"])
def test_in_training_mode_only_norms_see_the_batch(name: str) -> None:
    prepared = small(name)
    prepared.reset(0)
    prepared.fit()
    before = {key: value.clone() for key, value in prepared.evaluated.state_dict().items()}
    found = correct_in_training_mode(prepared)
    for key, value in prepared.evaluated.state_dict().items():
        assert torch.equal(value, before[key]), key
    model = prepared.evaluated.train()
    for module in model.modules():
        if isinstance(module, nn.Dropout | nn.Dropout2d):
            module.eval()
    with torch.no_grad():
        logits = model(prepared.normalization(prepared.validation.images))
    assert found == int((logits.argmax(1) == prepared.validation.labels).sum())
