"""Adam, for a loss that is summed over the batch."""

from __future__ import annotations

import torch
from torch import nn


def adam(
    model: nn.Module,
    *,
    batch_size: int,
    fused: bool,
    beta1: float,
    beta2: float,
    weight_decay: float,
    epsilon: float,
) -> torch.optim.Adam:
    """Return Adam with the decay added to the gradient (L2), as for the mean loss.

    Summing makes gradients `batch_size` times as large as a mean would. What Adam makes of them does not hang
    on their size once epsilon and the decay are multiplied by it as well.
    """
    trained = [p for p in model.parameters() if p.requires_grad]
    on_cuda = trained[0].is_cuda
    return torch.optim.Adam(
        [{"params": trained, "rate_scale": 1.0}],
        lr=0.0,
        betas=(beta1, beta2),
        eps=epsilon * batch_size,
        weight_decay=weight_decay * batch_size,
        # The fused kernel takes its betas as numbers, which a captured step could not change.
        foreach=on_cuda,
        fused=fused and not on_cuda,
        capturable=on_cuda,
    )
