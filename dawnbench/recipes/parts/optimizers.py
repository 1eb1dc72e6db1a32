"""The optimizers that the library brings."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from dawnbench.recipes.constraints import (
    FractionBelowOne,
    NonNegative,
    OpenFraction,
    Positive,
    PositiveInt,
    require,
)
from dawnbench.recipes.part import OptimizerPart

if TYPE_CHECKING:
    import torch
    from torch import nn

    from dawnbench.optim.contracts import GroupedOptimizer

__all__ = ["AdamSpec", "MuonSpec", "NesterovSGDSpec"]


@dataclass(frozen=True)
class NesterovSGDSpec(OptimizerPart, kind="nesterov_sgd"):
    """SGD on the summed loss: the schedule's rate is divided, the decay multiplied by the batch size."""

    momentum: FractionBelowOne = 0.9
    nesterov: bool = True
    weight_decay: NonNegative = 5e-4
    bias_rate_scale: Positive = 1.0
    """Biases learn this much faster, with as much less decay."""

    def __post_init__(self) -> None:
        """Refuse Nesterov's momentum of nothing, which torch does not take."""
        super().__post_init__()
        fits = self.momentum > 0 or not self.nesterov
        require(fits, f"optimizer.momentum={self.momentum} must be above 0 with nesterov=true and below 1")

    def build(
        self, model: nn.Module, *, batch_size: int, fused: bool, dtype: torch.dtype
    ) -> GroupedOptimizer:
        """Return SGD; its steps have no matrix products to which `dtype` could apply."""
        from dawnbench.optim.sgd import nesterov_sgd

        return nesterov_sgd(model, batch_size=batch_size, fused=fused, **asdict(self))


@dataclass(frozen=True)
class MuonSpec(OptimizerPart, kind="muon"):
    """Muon on the convolutions' filters, Nesterov SGD on the rest, on the summed loss."""

    momentum: OpenFraction = 0.6
    """Of Muon."""
    steps: PositiveInt = 3
    """Newton-Schulz steps of the orthogonalisation."""
    sgd_momentum: OpenFraction = 0.85
    bias_rate_scale: Positive = 0.22
    """The biases' rate over the schedule's, for the summed loss."""
    head_rate_scale: Positive = 2.8
    """The head's rate over the schedule's, for the summed loss."""
    weight_decay: NonNegative = 8e-6
    """Of biases and head: a step takes off this times the batch times the schedule's rate."""
    first_bias_epochs: NonNegative = 3.0
    """How long the whitening's bias is trained, its rate falling to 0."""

    def build(
        self, model: nn.Module, *, batch_size: int, fused: bool, dtype: torch.dtype
    ) -> GroupedOptimizer:
        """Return Muon and SGD as one optimizer; the orthogonalisation computes in `dtype`."""
        from dawnbench.optim.muon import muon_with_sgd

        return muon_with_sgd(model, batch_size=batch_size, fused=fused, dtype=dtype, **asdict(self))


@dataclass(frozen=True)
class AdamSpec(OptimizerPart, kind="adam"):
    """Adam with L2 decay; its settings and the schedule's rate are those for the mean loss."""

    takes_momentum = True
    beta1: FractionBelowOne = 0.9
    """The momentum, where the schedule has none."""
    beta2: FractionBelowOne = 0.999
    weight_decay: NonNegative = 0.0
    epsilon: Positive = 1e-8

    def build(
        self, model: nn.Module, *, batch_size: int, fused: bool, dtype: torch.dtype
    ) -> GroupedOptimizer:
        """Return Adam; its steps have no matrix products to which `dtype` could apply."""
        from dawnbench.optim.adam import adam

        return adam(model, batch_size=batch_size, fused=fused, **asdict(self))
