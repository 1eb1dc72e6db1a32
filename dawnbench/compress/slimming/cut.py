"""Cuts the channels with the smallest batch-norm scales out of a trained network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from torch import Tensor, nn

from dawnbench.compress.counting import count
from dawnbench.compress.slimming import graph, zcls
from dawnbench.compress.slimming.channels import Plan, plan_state, plan_widths
from dawnbench.compress.slimming.latency import compare_latency
from dawnbench.compress.slimming.search import Compare, Measured, Search, Target
from dawnbench.errors import DawnbenchError
from dawnbench.models.resize import NORMS, Widths

__all__ = ["Cut", "Rule", "Target", "cut"]

Rule = Literal["graph", "zcls"]


@dataclass(frozen=True)
class Cut:
    """A narrower network."""

    widths: Widths
    """For `SlimmedSpec.of(dense, widths)`."""
    state: dict[str, Tensor]
    """The weights and buffers that fit that part's network."""
    predicted_ratio: float
    """The share of batch-norm channels to remove: the target, or what the target came to."""
    true_ratio: float
    """The share of batch-norm channels that were removed."""
    macs: int
    """Multiply-accumulates per image, as `compress.counting` counts them."""
    parameters: int
    flops: int
    """FLOPs of a forward pass per image, as torch counts them."""
    dense_macs: int
    dense_parameters: int
    dense_flops: int
    measured: tuple[Measured, ...] = ()
    """The candidates that were timed for a target speed-up, in order; the last one is this cut."""


def cut(
    model: nn.Module, example: Tensor, rule: Rule, target: Target, compare: Compare = compare_latency
) -> Cut:
    """Return what remains of `model` under a rule and a target. `model` stays as it is.

    `example` is a batch of normalized images (N, channels, H, W) on the model's device.

    Raises:
        DawnbenchError: the model has no batch norm, the rule does not know it, or the target cannot be met.
    """
    norms = {name: norm for name, norm in model.named_modules() if isinstance(norm, NORMS)}
    if not any(norm.weight is not None and norm.weight.requires_grad for norm in norms.values()):
        raise DawnbenchError(
            f"{type(model).__name__} has no batch norm with a learned scale, which would say how much "
            "a channel matters; slim a model that has one"
        )
    channels = sum(norm.num_features for norm in norms.values())
    try:
        plan, ratio, measured = _plan(model, example, rule, target, compare, channels)
        widths = plan_widths(model, plan)
        narrow, dense = count(model, example.shape[1:], widths), count(model, example.shape[1:])
    except (RuntimeError, ValueError, TypeError) as error:
        raise DawnbenchError(
            f"{type(model).__name__} does not run with narrower layers: {' '.join(str(error).split())}"
        ) from error
    removed = sum(norms[name].num_features - left for name, _, left in widths if name in norms)
    return Cut(
        widths,
        plan_state(model, plan),
        predicted_ratio=ratio,
        true_ratio=removed / channels,
        macs=narrow.macs,
        parameters=narrow.parameters,
        flops=narrow.flops,
        dense_macs=dense.macs,
        dense_parameters=dense.parameters,
        dense_flops=dense.flops,
        measured=measured,
    )


def _plan(
    model: nn.Module, example: Tensor, rule: Rule, target: Target, compare: Compare, channels: int
) -> tuple[Plan, float, tuple[Measured, ...]]:
    """Return what stays, the ratio that was asked for or found, and what was measured to find it."""
    if rule == "zcls":
        if target.kind != "ratio":
            raise DawnbenchError(f"rule zcls takes a ratio, not {target.kind}; use rule graph")
        return zcls.plan(model, target.value), target.value, ()
    ranking = graph.rank(model, example, target.at_least)
    search = Search(model, ranking, channels)
    if target.kind == "ratio":
        return ranking.plan(search.for_ratio(target.value)), target.value, ()
    if target.kind == "speedup":
        number = search.for_speedup(target.value, example, compare)
    else:
        number = search.for_count(target.kind, target.value, tuple(example.shape[1:]))
    return ranking.plan(number), search.ratio(number), tuple(search.measured)
