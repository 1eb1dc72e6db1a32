from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from dawnbench.models.normalization import GhostBatchNorm2d, batch_norm

CHANNELS, SPLITS, PART = 3, 4, 2


def batch(seed: int = 0) -> Tensor:
    noise = torch.randn(SPLITS * PART, CHANNELS, 5, 4, generator=torch.Generator().manual_seed(seed))
    # Each image of its own scale and level, so that the statistics of the parts differ.
    return noise * torch.arange(1, SPLITS * PART + 1).view(-1, 1, 1, 1) + torch.arange(CHANNELS).view(
        -1, 1, 1
    )


def trained(norm: nn.Module) -> nn.Module:
    with torch.no_grad():
        norm.weight.copy_(torch.tensor([0.5, 1.5, -2.0]))
        norm.bias.copy_(torch.tensor([1.0, 0.0, -1.0]))
    return norm


def plain_norms() -> list[nn.Module]:
    return [trained(nn.BatchNorm2d(CHANNELS)) for _ in range(SPLITS)]


def test_in_training_each_part_is_normalized_as_a_batch_of_its_own() -> None:
    x = batch()
    expected = torch.cat([n(part) for n, part in zip(plain_norms(), x.chunk(SPLITS), strict=True)])
    torch.testing.assert_close(trained(GhostBatchNorm2d(CHANNELS, SPLITS))(x), expected)


def test_gradients_are_those_of_the_parts() -> None:
    ghost, plain = trained(GhostBatchNorm2d(CHANNELS, SPLITS)), plain_norms()
    upstream = torch.randn(batch().shape, generator=torch.Generator().manual_seed(1))
    x, y = batch().requires_grad_(), batch().requires_grad_()
    ghost(x).backward(upstream)
    torch.cat([n(part) for n, part in zip(plain, y.chunk(SPLITS), strict=True)]).backward(upstream)
    torch.testing.assert_close(x.grad, y.grad)
    torch.testing.assert_close(ghost.weight.grad, sum(n.weight.grad for n in plain))
    torch.testing.assert_close(ghost.bias.grad, sum(n.bias.grad for n in plain))


def test_running_statistics_are_the_means_over_the_parts() -> None:
    ghost = GhostBatchNorm2d(CHANNELS, SPLITS)
    mean, variance = torch.zeros(CHANNELS), torch.ones(CHANNELS)
    for seed in range(3):
        x = batch(seed)
        ghost(x)
        parts = [part.transpose(0, 1).flatten(1) for part in x.chunk(SPLITS)]
        mean = 0.9 * mean + 0.1 * torch.stack([p.mean(1) for p in parts]).mean(0)
        variance = 0.9 * variance + 0.1 * torch.stack([p.var(1) for p in parts]).mean(0)
    torch.testing.assert_close(ghost.running_mean, mean)
    torch.testing.assert_close(ghost.running_var, variance)


def test_evaluation_uses_the_running_statistics_and_leaves_them_alone() -> None:
    ghost = trained(GhostBatchNorm2d(CHANNELS, SPLITS))
    ghost(batch())
    plain = trained(nn.BatchNorm2d(CHANNELS)).eval()
    plain.running_mean.copy_(ghost.running_mean)
    plain.running_var.copy_(ghost.running_var)
    before = ghost.running_mean.clone(), ghost.running_var.clone()
    ghost.eval()
    odd = batch(7)[:3]  # not divisible, which evaluation does not mind
    torch.testing.assert_close(ghost(odd), plain(odd))
    assert torch.equal(ghost.running_mean, before[0])
    assert torch.equal(ghost.running_var, before[1])


def test_a_training_batch_that_does_not_split_is_refused() -> None:
    with pytest.raises(ValueError, match="a batch of 7 does not split into 4"):
        GhostBatchNorm2d(CHANNELS, SPLITS)(batch()[:7])


def test_reset_returns_to_the_state_of_a_new_one() -> None:
    ghost = trained(GhostBatchNorm2d(CHANNELS, SPLITS))
    ghost(batch())
    ghost.reset_parameters()
    for name, value in GhostBatchNorm2d(CHANNELS, SPLITS).state_dict().items():
        assert torch.equal(ghost.state_dict()[name], value), name


def test_one_part_is_torchs_own_batch_norm() -> None:
    assert type(batch_norm(CHANNELS, 1, True)) is nn.BatchNorm2d
    assert isinstance(batch_norm(CHANNELS, 2, True), GhostBatchNorm2d)


@pytest.mark.parametrize("splits", [1, 2])
@pytest.mark.parametrize("scale", [True, False])
def test_the_bias_is_always_learnt_and_the_factor_only_where_asked(splits: int, scale: bool) -> None:
    norm = batch_norm(CHANNELS, splits, scale)
    assert bool((norm.weight == 1).all())
    learnt = [name for name, p in norm.named_parameters() if p.requires_grad]
    assert learnt == (["weight", "bias"] if scale else ["bias"])


@pytest.mark.parametrize("splits", [1, 2])
def test_a_frozen_factor_gets_no_gradient_and_survives_a_reset(splits: int) -> None:
    norm = batch_norm(CHANNELS, splits, scale=False)
    norm(batch()).square().sum().backward()
    assert norm.weight.grad is None
    assert norm.bias.grad is not None
    norm.reset_parameters()
    assert not norm.weight.requires_grad
    assert bool((norm.weight == 1).all())


def test_the_printed_form_says_whether_the_factor_is_learnt() -> None:
    assert str(GhostBatchNorm2d(3, 4, scale=False)) == "GhostBatchNorm2d(3, splits=4, scale=False)"
