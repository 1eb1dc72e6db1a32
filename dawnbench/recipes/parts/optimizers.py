"""The built-in optimizers."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

from dawnbench.recipes.constraints import (
    FractionBelowOne,
    NonNegative,
    OpenFraction,
    Positive,
    PositiveInt,
    require,
)
from dawnbench.recipes.part import ADDED_LATER, OptimizerPart

if TYPE_CHECKING:
    import torch
    from torch import nn

    from dawnbench.optim.contracts import GroupedOptimizer

__all__ = ["AdamSpec", "MuonSpec", "NesterovSGDSpec"]


@dataclass(frozen=True)
class NesterovSGDSpec(OptimizerPart, kind="nesterov_sgd"):
    """SGD on the summed loss: the rate is divided by the batch size and the decay multiplied by it."""

    momentum: FractionBelowOne = 0.9
    nesterov: bool = True
    weight_decay: NonNegative = 5e-4
    bias_rate_scale: Positive = 1.0
    """Biases learn this many times as fast, with correspondingly less decay."""
    decay_vectors: bool = field(default=True, metadata=ADDED_LATER)
    """Whether biases and the scales of norms decay as well."""

    def __post_init__(self) -> None:
        """Reject Nesterov with zero momentum, which torch does not accept."""
        super().__post_init__()
        fits = self.momentum > 0 or not self.nesterov
        require(fits, f"optimizer.momentum={self.momentum} must be above 0 with nesterov=true and below 1")

    def build(
        self, model: nn.Module, *, batch_size: int, fused: bool, dtype: torch.dtype
    ) -> GroupedOptimizer:
        """Return SGD; its steps have no matrix products, so `dtype` is unused."""
        from dawnbench.optim.sgd import nesterov_sgd

        return nesterov_sgd(model, batch_size=batch_size, fused=fused, **asdict(self))


@dataclass(frozen=True)
class MuonSpec(OptimizerPart, kind="muon"):
    """Muon on the convolutions' filters, Nesterov SGD on the rest, on the summed loss."""

    momentum: OpenFraction = 0.6
    """Muon's momentum."""
    steps: PositiveInt = 3
    """Newton-Schulz steps of the orthogonalization."""
    sgd_momentum: OpenFraction = 0.85
    bias_rate_scale: Positive = 0.22
    """The biases' rate relative to the schedule's, for the summed loss."""
    head_rate_scale: Positive = 2.8
    """The head's rate relative to the schedule's, for the summed loss."""
    weight_decay: NonNegative = 8e-6
    """For biases and head: a step subtracts this times the batch size times the schedule's rate."""
    first_bias_epochs: NonNegative = 3.0
    """Number of epochs for which the whitening bias is trained, its rate falling to 0."""

    def build(
        self, model: nn.Module, *, batch_size: int, fused: bool, dtype: torch.dtype
    ) -> GroupedOptimizer:
        """Return Muon and SGD as one optimizer; the orthogonalization computes in `dtype`."""
        from dawnbench.optim.muon import muon_with_sgd

        return muon_with_sgd(model, batch_size=batch_size, fused=fused, dtype=dtype, **asdict(self))


@dataclass(frozen=True)
class AdamSpec(OptimizerPart, kind="adam"):
    """Adam with L2 decay; its settings and the schedule's rate are as for the mean loss."""

    takes_momentum = True
    beta1: FractionBelowOne = 0.9
    """The momentum, unless the schedule sets it."""
    beta2: FractionBelowOne = 0.999
    weight_decay: NonNegative = 0.0
    epsilon: Positive = 1e-8

    def build(
        self, model: nn.Module, *, batch_size: int, fused: bool, dtype: torch.dtype
    ) -> GroupedOptimizer:
        """Return Adam; its steps have no matrix products, so `dtype` is unused."""
        from dawnbench.optim.adam import adam

        return adam(model, batch_size=batch_size, fused=fused, **asdict(self))
