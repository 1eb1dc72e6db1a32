from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from dawnbench.errors import DawnbenchError
from dawnbench.models.normalization import GhostBatchNorm2d
from dawnbench.optim.penalties import NormScalePenalty, norm_scales

STRENGTH, BATCH = 2.0**-10, 8
SCALES = torch.tensor([-0.5, 0.0, 0.25, 1.0])


def problem() -> tuple[nn.Sequential, Tensor]:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(16, 2))
    with torch.no_grad():
        model[1].weight.copy_(SCALES)
    return model, torch.randn(BATCH, 3, 4, 4)


def gradients(model: nn.Module) -> list[Tensor]:
    return [p.grad.clone() for p in model.parameters() if p.grad is not None]


def test_the_scales_gradients_grow_by_the_strength_times_their_sign_and_no_other_does() -> None:
    model, images = problem()
    model(images).square().sum().backward()
    before = gradients(model)
    NormScalePenalty(model, STRENGTH, BATCH).add_gradient()
    added = [after - was for after, was in zip(gradients(model), before, strict=True)]
    expected = [torch.zeros_like(gradient) for gradient in before]
    expected[2] = STRENGTH * BATCH * SCALES.sign()
    # Where the gradient is large, adding and subtracting rounds.
    for found, exact in zip(added, expected, strict=True):
        assert torch.allclose(found, exact, rtol=0, atol=1e-5)


@pytest.mark.parametrize("scale", [1.0, 2.0**16])
def test_its_effect_on_a_step_does_not_depend_on_how_the_loss_is_scaled(scale: float) -> None:
    """With AMP's loss scaling, the original code added it before unscaling, where it all but vanishes."""
    model, images = problem()
    frozen = nn.Sequential(model[0].requires_grad_(False), model[1])
    optimizer = torch.optim.SGD(frozen[1].parameters(), lr=1.0 / BATCH)
    scaler = torch.amp.GradScaler("cpu", init_scale=scale)
    # Without a gradient of its own the scale's step is the penalty's alone.
    scaler.scale((frozen(images) * 0).sum()).backward()
    scaler.unscale_(optimizer)
    NormScalePenalty(model, STRENGTH, BATCH).add_gradient()
    scaler.step(optimizer)
    assert torch.equal(model[1].weight.detach(), SCALES - STRENGTH * SCALES.sign())


def test_a_scale_that_is_not_trained_in_this_step_is_left_alone() -> None:
    model, _ = problem()
    NormScalePenalty(model, STRENGTH, BATCH).add_gradient()
    assert model[1].weight.grad is None


def test_norms_over_parts_of_a_batch_count_and_scales_that_stay_1_do_not() -> None:
    learned, fixed = GhostBatchNorm2d(4, splits=2), GhostBatchNorm2d(4, splits=2, scale=False)
    plain = nn.BatchNorm2d(4, affine=False)
    (only,) = norm_scales(nn.Sequential(learned, fixed, plain, nn.GroupNorm(2, 4)))
    assert only is learned.weight


def test_a_model_without_scales_is_refused_in_a_sentence() -> None:
    with pytest.raises(DawnbenchError, match=r"^a penalty on the scales .* set penalty=null$"):
        NormScalePenalty(nn.Linear(2, 2), STRENGTH, BATCH)
