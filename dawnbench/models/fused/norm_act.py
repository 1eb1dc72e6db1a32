"""A layer of max pool, batch norm and activation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from dawnbench.models.fused import kernels_accept
from dawnbench.models.fused.ops import norm_activation

Activation = Literal["silu", "gelu", "relu", "none"]
ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "silu": F.silu,
    "gelu": F.gelu,
    "relu": F.relu,
    "none": lambda x: x,
}


class FusedNormActivation(nn.BatchNorm2d):
    """2x2 max pool, batch norm and activation, fused into a few kernels for training on an NVIDIA GPU.

    Without a GPU, without Triton and in evaluation, torch's own layers run one after another. Parameters,
    buffers and the keys of the state dict are those of `nn.BatchNorm2d`. Without `scale` the factor stays 1;
    without `pool` nothing is pooled.
    Input (N, C, H, W); one that is not `channels_last` is copied. Output (N, C, H // 2, W // 2) with `pool`,
    otherwise (N, C, H, W), in the input's dtype. On the GPU it and the input's gradient are `channels_last`.
    """

    running_mean: Tensor
    running_var: Tensor
    num_batches_tracked: Tensor
    momentum: float

    def __init__(
        self,
        channels: int,
        activation: Activation,
        pool: bool,
        scale: bool = True,
        momentum: float = 0.1,
        epsilon: float = 1e-5,
    ) -> None:
        if activation not in ACTIVATIONS:
            raise ValueError(f"activation={activation!r} must be one of {', '.join(ACTIVATIONS)}")
        super().__init__(channels, eps=epsilon, momentum=momentum)
        self.weight.requires_grad_(scale)
        self.activation, self.pool = activation, pool

    def forward(self, x: Tensor) -> Tensor:
        """Pool, normalize and activate; in training by the batch's statistics, which update the running ones.

        Raises:
            ValueError: a batch in training has no more than one value per channel.
        """
        if self.training and self._can_use_kernels(x):
            out, _, _, mean, variance = norm_activation(
                x, self.weight, self.bias, self.eps, self.activation, self.pool
            )
            self._update_running(mean, variance, out.numel() // out.shape[1])
            return out  # type: ignore[no-any-return]
        if self.pool:
            x = F.max_pool2d(x, 2)
        return ACTIVATIONS[self.activation](super().forward(x))

    def extra_repr(self) -> str:
        """Return the settings for the module's printed form."""
        shape = super().extra_repr()  # type: ignore[no-untyped-call]
        return f"{shape}, activation={self.activation}, pool={self.pool}"

    def _can_use_kernels(self, x: Tensor) -> bool:
        """Return whether the kernels are available and there are at least two values per channel."""
        pooled = (x.shape[2] // 2) * (x.shape[3] // 2) if self.pool else x.shape[2] * x.shape[3]
        return kernels_accept(x) and x.shape[0] * pooled > 1

    @torch.no_grad()
    def _update_running(self, mean: Tensor, variance: Tensor, count: int) -> None:
        """Update the running statistics with those of `count` values per channel; `variance` is biased."""
        self.running_mean.lerp_(mean, self.momentum)
        self.running_var.lerp_(variance * (count / (count - 1)), self.momentum)
        self.num_batches_tracked.add_(1)
