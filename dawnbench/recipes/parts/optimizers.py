"""The optimizers that the library brings."""

from __future__ import annotations

from dataclasses import dataclass

from dawnbench.recipes.registry import OptimizerPart, register
from dawnbench.recipes.values import require


@dataclass(frozen=True)
class NesterovSGDSpec(OptimizerPart):
    """SGD on the summed loss: the schedule's rate is divided, the decay multiplied by the batch size."""

    momentum: float = 0.9
    nesterov: bool = True
    weight_decay: float = 5e-4
    bias_rate_scale: float = 1.0
    """Biases learn this much faster, with as much less decay."""

    def __post_init__(self) -> None:
        """Refuse what is no descent."""
        least = "above 0 with nesterov=true" if self.nesterov else "at least 0"
        fits = 0 <= self.momentum < 1 and (self.momentum > 0 or not self.nesterov)
        require(fits, f"optimizer.momentum={self.momentum} must be {least} and below 1")
        decay, scale = self.weight_decay, self.bias_rate_scale
        require(decay >= 0, f"optimizer.weight_decay={decay} must not be negative")
        require(scale > 0, f"optimizer.bias_rate_scale={scale} must be above 0")


@dataclass(frozen=True)
class MuonSpec(OptimizerPart):
    """Muon on the convolutions' filters, Nesterov SGD on the rest, on the summed loss."""

    momentum: float = 0.6
    """Of Muon."""
    steps: int = 3
    """Newton-Schulz steps of the orthogonalisation."""
    sgd_momentum: float = 0.85
    bias_rate_scale: float = 0.22
    """The biases' rate over the schedule's, for the summed loss."""
    head_rate_scale: float = 2.8
    """The head's rate over the schedule's, for the summed loss."""
    weight_decay: float = 8e-6
    """Of biases and head: a step takes off this times the batch times the schedule's rate."""
    first_bias_epochs: float = 3.0
    """How long the whitening's bias is trained, its rate falling to 0."""

    def __post_init__(self) -> None:
        """Refuse what is no descent."""
        for name in ("momentum", "sgd_momentum"):
            value = getattr(self, name)
            require(0 < value < 1, f"optimizer.{name}={value} must be above 0 and below 1")
        for name in ("bias_rate_scale", "head_rate_scale"):
            value = getattr(self, name)
            require(value > 0, f"optimizer.{name}={value} must be above 0")
        for name in ("weight_decay", "first_bias_epochs"):
            value = getattr(self, name)
            require(value >= 0, f"optimizer.{name}={value} must not be negative")
        require(self.steps >= 1, f"optimizer.steps={self.steps} must be at least 1")


@dataclass(frozen=True)
class AdamSpec(OptimizerPart):
    """Adam with L2 decay; its settings and the schedule's rate are those for the mean loss."""

    takes_momentum = True
    beta1: float = 0.9
    """The momentum, where the schedule has none."""
    beta2: float = 0.999
    weight_decay: float = 0.0
    epsilon: float = 1e-8

    def __post_init__(self) -> None:
        """Refuse what is no descent."""
        for name in ("beta1", "beta2"):
            value = getattr(self, name)
            require(0 <= value < 1, f"optimizer.{name}={value} must be at least 0 and below 1")
        decay, epsilon = self.weight_decay, self.epsilon
        require(decay >= 0, f"optimizer.weight_decay={decay} must not be negative")
        require(epsilon > 0, f"optimizer.epsilon={epsilon} must be above 0")


register("nesterov_sgd", NesterovSGDSpec, "dawnbench.optim.sgd:nesterov_sgd")
register("muon", MuonSpec, "dawnbench.optim.muon:muon_with_sgd")
register("adam", AdamSpec, "dawnbench.optim.adam:adam")
