"""The built-in penalties."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dawnbench.recipes.constraints import Positive
from dawnbench.recipes.part import PenaltyPart

if TYPE_CHECKING:
    from torch import nn

    from dawnbench.optim.contracts import Penalty

__all__ = ["NormScalePenaltySpec"]


@dataclass(frozen=True)
class NormScalePenaltySpec(PenaltyPart, kind="l1_norm_scales"):
    """The L1 norm of the batch norms' scales: the sparse training of network slimming."""

    strength: Positive = 1e-4
    """Factor on the L1 norm, for the mean loss."""

    def build(self, model: nn.Module, *, batch_size: int) -> Penalty:
        """Return the penalty on all batch norms that learn a scale."""
        from dawnbench.optim.penalties import NormScalePenalty

        return NormScalePenalty(model, self.strength, batch_size)
