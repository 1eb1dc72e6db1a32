"""Batch norm over a batch that several processes share, each with a part of it on its own device."""

from __future__ import annotations

from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn

from dawnbench.errors import DawnbenchError


class _Summed(torch.autograd.Function):
    """The sum over all processes. Each of them uses it, so the gradient is summed as well."""

    @staticmethod
    def forward(_context: Any, tensor: Tensor) -> Tensor:
        total = tensor.clone(memory_format=torch.contiguous_format)
        dist.all_reduce(total)
        return total

    @staticmethod
    def backward(_context: Any, *gradients: Tensor) -> Tensor:
        total = gradients[0].clone(memory_format=torch.contiguous_format)
        dist.all_reduce(total)
        return total


class SynchronizedBatchNorm2d(nn.BatchNorm2d):
    """Batch normalization by the statistics of the parts of all processes.

    torch's own `SyncBatchNorm` needs CUDA; this one computes on every device alike, so that the CPU's tests
    are valid for the GPU. Parameters, buffers and the keys of the state dict are those of `nn.BatchNorm2d`.
    Input and output: (N, C, H, W).
    """

    running_mean: Tensor
    running_var: Tensor
    num_batches_tracked: Tensor
    momentum: float

    @torch.compiler.disable  # type: ignore[untyped-decorator]
    def forward(self, x: Tensor) -> Tensor:
        """Normalize; in training by the statistics of all parts, which update the running ones."""
        if not self.training:
            return super().forward(x)
        values = x.float()
        own_mean = values.mean((0, 2, 3))
        squares = (values - own_mean[:, None, None]).square().sum((0, 2, 3))
        own = torch.cat((own_mean, squares, values.new_full((1,), values.numel() / values.shape[1])))
        rank, size = dist.get_rank(), dist.get_world_size()
        # One row for each process, since the difference of two sums would lose digits.
        rows = torch.cat((own.new_zeros(rank, len(own)), own[None], own.new_zeros(size - rank - 1, len(own))))
        rows = _Summed.apply(rows)
        means, all_squares = rows[:, :-1].chunk(2, dim=1)
        counts = rows[:, -1:].detach()
        count = counts.sum()
        mean = (means * counts).sum(0) / count
        variance = (all_squares + counts * (means - mean).square()).sum(0) / count
        with torch.no_grad():
            self.running_mean.lerp_(mean, self.momentum)
            self.running_var.lerp_(variance * (count / (count - 1)), self.momentum)
            self.num_batches_tracked.add_(1)
        scale = self.weight * torch.rsqrt(variance + self.eps)
        centered = values - mean[:, None, None]
        normalized: Tensor = centered * scale[:, None, None] + self.bias[:, None, None]
        return normalized.to(x.dtype)


def synchronize_norms(model: nn.Module) -> None:
    """Replace every batch norm of a model by one over the batch of all processes, with the same parameters.

    Raises:
        DawnbenchError: the model has norms that cannot be replaced.
    """
    for name, module in list(model.named_modules()):
        if not hasattr(module, "running_mean"):
            continue
        if type(module) is not nn.BatchNorm2d or module.momentum is None:
            raise DawnbenchError(
                f"model.sync_bn=true cannot synchronize {name} ({type(module).__name__}), only plain batch "
                "norms: for davidnet set model.norm_splits=1 as well, for speednet model.fused=false"
            )
        module.__class__ = SynchronizedBatchNorm2d
