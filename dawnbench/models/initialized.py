"""Layers whose `reset_parameters` draws another distribution than torch's own."""

from __future__ import annotations

from torch import nn


class FanOutConv2d(nn.Conv2d):
    """A convolution with the normal initialization of He et al. (2015) by outputs, and biases of 0."""

    def reset_parameters(self) -> None:
        """Reinitialize the filters and the bias."""
        nn.init.kaiming_normal_(self.weight, mode="fan_out", nonlinearity="relu")
        if self.bias is not None:
            nn.init.zeros_(self.bias)


class SmallLinear(nn.Linear):
    """A linear layer with normal weights of standard deviation 0.01, and biases of 0."""

    def reset_parameters(self) -> None:
        """Reinitialize the weights and the bias."""
        nn.init.normal_(self.weight, std=0.01)
        if self.bias is not None:
            nn.init.zeros_(self.bias)


class ScaledBatchNorm2d(nn.BatchNorm2d):
    """Batch norm whose scales start at `initial_scale` instead of 1."""

    def __init__(self, channels: int, initial_scale: float) -> None:
        self.initial_scale = initial_scale
        super().__init__(channels)

    def reset_parameters(self) -> None:
        """Reset the scales, the shifts and the running statistics."""
        super().reset_parameters()
        nn.init.constant_(self.weight, self.initial_scale)
