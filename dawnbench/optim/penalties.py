"""Penalties on the weights, added to the gradients."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from dawnbench.errors import DawnbenchError


class NormScalePenalty:
    """The L1 norm of the batch norms' scales, which drives the scales of unneeded channels to 0.

    The sparse training of network slimming (Liu et al. 2017, arXiv:1708.06519). Its subgradient is the
    strength times the scale's sign, for the mean loss; for the summed loss it is `batch_size` times that.
    """

    def __init__(self, model: nn.Module, strength: float, batch_size: int) -> None:
        """Penalize the scales of all batch norms that learn one.

        Raises:
            DawnbenchError: there is none.
        """
        self._scales = norm_scales(model)
        self._factor = strength * batch_size
        if not self._scales:
            raise DawnbenchError(
                "a penalty on the scales of batch norms needs a model that learns such scales, and this one "
                "does not; choose another model, or set penalty=null"
            )

    @torch.no_grad()
    def add_gradient(self) -> None:
        """Add the subgradient to the scales' gradients."""
        trained = [scale for scale in self._scales if scale.grad is not None]
        gradients = [scale.grad for scale in trained if scale.grad is not None]
        if gradients:
            torch._foreach_add_(gradients, torch._foreach_sign(trained), alpha=self._factor)


def norm_scales(model: nn.Module) -> list[Tensor]:
    """Return the learned scales of the model's batch norms, in the order of its modules."""
    norms = (module for module in model.modules() if hasattr(module, "running_mean"))
    scales = (getattr(norm, "weight", None) for norm in norms)
    return [scale for scale in scales if isinstance(scale, nn.Parameter) and scale.requires_grad]
