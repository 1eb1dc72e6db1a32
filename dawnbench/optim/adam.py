"""Adam, for a loss that is summed over the batch."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Adam(torch.optim.Adam):
    """torch's Adam, with a momentum (the first beta) that a schedule may set."""

    def set_momentum(self, momentum: float | Tensor) -> None:
        """Use `momentum` from the next step on.

        A captured step reads a tensor, whose value changes before each replay. Of torch's three code paths
        only the single-tensor one accepts a tensor as the first beta without reading its value from the
        device (2.11: the fused kernels take numbers, and the foreach path converts 1 - beta1 to one).
        """
        for group in self.param_groups:
            group["betas"] = (momentum, group["betas"][1])
            if isinstance(momentum, Tensor):
                group["fused"] = group["foreach"] = False


def adam(
    model: nn.Module,
    *,
    batch_size: int,
    fused: bool,
    beta1: float,
    beta2: float,
    weight_decay: float,
    epsilon: float,
) -> Adam:
    """Return Adam with the decay added to the gradient (L2), as for the mean loss.

    Summing makes gradients `batch_size` times as large as a mean would. Adam's steps do not depend on that
    scale once epsilon and the decay are multiplied by it as well.
    """
    trained = [p for p in model.parameters() if p.requires_grad]
    return Adam(
        [{"params": trained, "rate_scale": 1.0}],
        lr=0.0,
        betas=(beta1, beta2),
        eps=epsilon * batch_size,
        weight_decay=weight_decay * batch_size,
        fused=fused,
        capturable=trained[0].is_cuda,
    )
