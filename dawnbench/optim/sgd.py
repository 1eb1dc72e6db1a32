"""Stochastic gradient descent with Nesterov momentum, in the groups that a recipe requires."""

from __future__ import annotations

from torch import nn
from torch.optim import SGD, Optimizer


def nesterov_sgd(
    model: nn.Module,
    *,
    batch_size: int,
    fused: bool,
    momentum: float = 0.9,
    nesterov: bool = True,
    weight_decay: float = 5e-4,
    bias_rate_scale: float = 1.0,
    decay_vectors: bool = True,
) -> Optimizer:
    """Return SGD for a loss that is summed over the batch.

    Summing makes gradients `batch_size` times as large as a mean would, so each group's `rate_scale`, a
    factor on the schedule's rate, divides by it and the decay is multiplied by it: their product, the decay
    per step, is that of the mean loss. Biases learn `bias_rate_scale` times as fast with correspondingly less
    decay, so that their decay per step stays the same. Without `decay_vectors` neither biases nor the scales
    of norms, which are all the one-dimensional parameters, decay.
    """
    trained = [(name, p) for name, p in model.named_parameters() if p.requires_grad]
    scales = {False: 1.0, True: bias_rate_scale}
    groups = [
        {
            "params": [
                p
                for name, p in trained
                if name.endswith("bias") == is_bias and (decay_vectors or p.dim() > 1) == decays
            ],
            "rate_scale": scale / batch_size,
            "weight_decay": weight_decay * batch_size / scale if decays else 0.0,
        }
        for is_bias, scale in scales.items()
        for decays in (True, False)
    ]
    groups = [group for group in groups if group["params"]]
    return SGD(groups, lr=0.0, momentum=momentum, nesterov=nesterov, fused=fused)
