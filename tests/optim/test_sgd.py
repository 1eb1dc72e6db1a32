from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from dawnbench.optim.sgd import nesterov_sgd

BATCH, RATE, MOMENTUM, DECAY, BIAS_SCALE = 8, 0.3, 0.9, 0.02, 64.0


def problem() -> tuple[nn.Linear, Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    model = nn.Linear(3, 4)
    with torch.no_grad():
        model.weight.copy_(torch.randn(4, 3, generator=generator))
        model.bias.copy_(torch.randn(4, generator=generator))
    return model, torch.randn(BATCH, 3, generator=generator), torch.arange(BATCH) % 4


def test_groups_divide_the_rate_and_multiply_the_decay_by_the_batch_size() -> None:
    model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))
    groups = nesterov_sgd(
        model, batch_size=512, fused=False, weight_decay=5e-4, bias_rate_scale=64
    ).param_groups
    weights, biases = groups
    assert [id(p) for p in weights["params"]] == [id(model[0].weight), id(model[1].weight)]
    assert [id(p) for p in biases["params"]] == [id(model[0].bias), id(model[1].bias)]
    assert weights["rate_scale"] == pytest.approx(1 / 512)
    assert weights["weight_decay"] == pytest.approx(0.256)
    assert biases["rate_scale"] == pytest.approx(64 / 512)
    assert biases["weight_decay"] == pytest.approx(0.256 / 64)


def test_frozen_parameters_and_empty_groups_are_left_out() -> None:
    model = nn.Linear(3, 4)
    model.bias.requires_grad_(False)
    (only,) = nesterov_sgd(model, batch_size=1, fused=False).param_groups
    assert [id(p) for p in only["params"]] == [id(model.weight)]


@pytest.mark.parametrize("fused", [False, True])
@pytest.mark.parametrize("nesterov", [False, True])
def test_steps_on_the_summed_loss_are_those_of_sgd_on_the_mean_loss(fused: bool, nesterov: bool) -> None:
    model, images, labels = problem()
    optimizer = nesterov_sgd(
        model,
        batch_size=BATCH,
        fused=fused,
        momentum=MOMENTUM,
        nesterov=nesterov,
        weight_decay=DECAY,
        bias_rate_scale=BIAS_SCALE,
    )
    weight, bias = model.weight.detach().clone(), model.bias.detach().clone()
    weight_speed, bias_speed = torch.zeros_like(weight), torch.zeros_like(bias)
    for _ in range(3):
        for group in optimizer.param_groups:
            group["lr"] = RATE * group["rate_scale"]
        optimizer.zero_grad()
        F.cross_entropy(model(images), labels, reduction="sum").backward()
        optimizer.step()

        # The same step by hand: the gradient of the mean cross-entropy is (softmax - one-hot) x input / B.
        error = (F.linear(images, weight, bias).softmax(1) - F.one_hot(labels, 4)) / BATCH
        weight_slope = error.T @ images + DECAY * weight
        bias_slope = error.sum(0) + DECAY / BIAS_SCALE * bias
        weight_speed = MOMENTUM * weight_speed + weight_slope
        bias_speed = MOMENTUM * bias_speed + bias_slope
        weight_step = weight_slope + MOMENTUM * weight_speed if nesterov else weight_speed
        bias_step = bias_slope + MOMENTUM * bias_speed if nesterov else bias_speed
        weight = weight - RATE * weight_step
        bias = bias - RATE * BIAS_SCALE * bias_step
        torch.testing.assert_close(model.weight.detach(), weight, rtol=1e-4, atol=1e-5)
        torch.testing.assert_close(model.bias.detach(), bias, rtol=1e-4, atol=1e-5)


def test_without_decay_of_vectors_only_matrices_and_filters_decay() -> None:
    model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))
    groups = nesterov_sgd(
        model, batch_size=8, fused=False, weight_decay=DECAY, decay_vectors=False
    ).param_groups
    decays = {id(p): group["weight_decay"] for group in groups for p in group["params"]}
    assert decays.pop(id(model[0].weight)) == pytest.approx(8 * DECAY)
    assert list(decays.values()) == [0.0, 0.0, 0.0]
    assert {group["rate_scale"] for group in groups} == {1 / 8}
