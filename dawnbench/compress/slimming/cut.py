"""Cuts the channels with the smallest batch-norm scales out of a trained network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from torch import Tensor, nn

from dawnbench.compress.counting import count_macs
from dawnbench.compress.slimming import zcls
from dawnbench.compress.slimming.channels import narrowed
from dawnbench.errors import DawnbenchError
from dawnbench.models.resize import NORMS, Widths

Rule = Literal["graph", "zcls"]


@dataclass(frozen=True)
class Target:
    """How much to cut."""

    kind: Literal["ratio", "parameters", "flops", "speedup"]
    value: float
    """ratio: the share of channels to remove, above 0 and below 1. parameters, flops: the most that may
    remain; a value below 1 is a share of the dense network's. speedup: how many times faster the narrow
    network must answer than the dense one, on the example's batch and device; above 1."""


@dataclass(frozen=True)
class Cut:
    """A narrower network."""

    widths: Widths
    """For `SlimmedSpec(dense, widths)`."""
    state: dict[str, Tensor]
    """The weights and buffers that fit `SlimmedSpec(dense, widths).build(...)`."""
    predicted_ratio: float
    """The share of batch-norm channels to remove that was asked for, or that the target came to."""
    true_ratio: float
    """The share of batch-norm channels that were removed."""
    macs: int
    """Multiply-accumulates per image of the narrow network, as `compress.counting` counts them."""
    parameters: int
    dense_macs: int
    dense_parameters: int


def cut(model: nn.Module, example: Tensor, rule: Rule, target: Target) -> Cut:
    """Return what remains of `model` under a rule and a target. `model` stays as it is.

    `example` is a batch of normalized images (N, channels, H, W) on the model's device.

    Raises:
        DawnbenchError: the model has no batch norm, the rule does not know it, or the target cannot be met.
    """
    norms = [m for m in model.modules() if isinstance(m, NORMS)]
    if not norms:
        raise DawnbenchError(
            f"{type(model).__name__} has no batch norm, whose scales say which channels matter; slim a "
            "model with batch norm"
        )
    if target.kind != "ratio" or rule != "zcls":
        raise NotImplementedError
    if not 0 < target.value < 1:
        raise DawnbenchError(f"ratio={target.value} must be above 0 and below 1")
    widths, state = narrowed(model, zcls.plan(model, target.value))
    before = sum(norm.bias.numel() for norm in norms)
    removed = {name: outputs for name, _, outputs in widths}
    after = sum(
        removed.get(name, m.bias.numel()) for name, m in model.named_modules() if isinstance(m, NORMS)
    )
    dense_macs, dense_parameters = count_macs(model, tuple(example.shape[1:]))
    macs, parameters = count_macs(model, tuple(example.shape[1:]), widths)
    return Cut(
        widths, state, target.value, 1 - after / before, macs, parameters, dense_macs, dense_parameters
    )
