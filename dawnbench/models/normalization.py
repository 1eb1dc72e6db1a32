"""Batch normalization over parts of a batch."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class GhostBatchNorm2d(nn.Module):
    """Batch normalization with separate statistics for each of `splits` equal parts of the batch.

    The noise of the smaller parts regularizes (Hoffer et al. 2017, arXiv:1705.08741). Running statistics are
    the means over the parts. Without `scale` the factor stays 1.
    Input and output: (N, C, H, W), N divisible by `splits` in training.
    """

    running_mean: Tensor
    running_var: Tensor

    def __init__(
        self,
        channels: int,
        splits: int,
        scale: bool = True,
        momentum: float = 0.1,
        epsilon: float = 1e-5,
    ) -> None:
        super().__init__()
        self.splits, self.momentum, self.epsilon = splits, momentum, epsilon
        self.weight = nn.Parameter(torch.ones(channels), requires_grad=scale)
        self.bias = nn.Parameter(torch.zeros(channels))
        self.register_buffer("running_mean", torch.zeros(channels))
        self.register_buffer("running_var", torch.ones(channels))

    @property
    def num_features(self) -> int:
        """Number of channels, under the name of torch's batch norm."""
        return self.bias.numel()

    def reset_parameters(self) -> None:
        """Reset to scale 1, bias 0 and the statistics of a standard normal."""
        nn.init.ones_(self.weight)
        nn.init.zeros_(self.bias)
        self.running_mean.zero_()
        self.running_var.fill_(1)

    def forward(self, x: Tensor) -> Tensor:
        """Normalize each part by its own statistics, or in evaluation all by the running statistics."""
        if not self.training:
            return F.batch_norm(
                x, self.running_mean, self.running_var, self.weight, self.bias, eps=self.epsilon
            )
        if x.shape[0] % self.splits:
            raise ValueError(f"a batch of {x.shape[0]} does not split into {self.splits} equal parts")
        # One row of statistics per part; their mean updates the running statistics.
        means = self.running_mean.repeat(self.splits, 1)
        variances = self.running_var.repeat(self.splits, 1)
        parts = [
            F.batch_norm(part, mean, variance, self.weight, self.bias, True, self.momentum, self.epsilon)
            for part, mean, variance in zip(x.chunk(self.splits), means, variances, strict=True)
        ]
        with torch.no_grad():
            self.running_mean.copy_(means.mean(0))
            self.running_var.copy_(variances.mean(0))
        return torch.cat(parts)

    def extra_repr(self) -> str:
        """Return the settings for the module's printed form."""
        return f"{self.num_features}, splits={self.splits}, scale={self.weight.requires_grad}"


def batch_norm(
    channels: int, splits: int, scale: bool, momentum: float = 0.1, epsilon: float = 1e-5
) -> nn.Module:
    """Return a batch norm over the whole batch (`splits` 1) or over parts of it.

    Without `scale` the factor stays 1; the bias is always learned. `momentum` is the weight of a batch's
    statistics in the running statistics.
    """
    if splits > 1:
        return GhostBatchNorm2d(channels, splits, scale, momentum, epsilon)
    norm = nn.BatchNorm2d(channels, eps=epsilon, momentum=momentum)
    norm.weight.requires_grad_(scale)
    return norm
