"""The rule that follows the network's graph: channels that skips and depthwise convolutions tie go together.

Torch-Pruning's dependency graph (arXiv:2301.12900) finds the layers that must lose the same channel. As in
its `BNScaleImportance`, a channel's importance is the mean of the absolute batch-norm scales in its group,
relative to the mean of the whole group: absolute scales would empty layers whose scales are all small.
Channels without a batch norm, such as those of hidden linear layers, stay.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from dawnbench.compress.slimming.channels import Kept, Plan
from dawnbench.errors import DawnbenchError
from dawnbench.models.normalization import GhostBatchNorm2d
from dawnbench.models.resize import NORMS, is_depthwise, widths_of


@dataclass(frozen=True)
class Member:
    """One layer's part in a group."""

    layer: str
    is_input: bool
    """Whether the group goes through the layer's inputs; otherwise through its outputs."""
    indices: Tensor
    """The inputs or outputs of the layer that belong to the group."""
    channels: Tensor
    """The group's channel that each of them belongs to."""


@dataclass(frozen=True)
class Group:
    """Layers that can lose a channel only together."""

    members: tuple[Member, ...]
    importance: Tensor
    """The mean absolute batch-norm scale of each channel, over that of all channels."""
    norms: Tensor
    """Number of batch-norm channels that go with each channel."""

    @property
    def name(self) -> str:
        """The layer that makes the channels."""
        return self.members[0].layer


class Ranking:
    """The channels of all groups, from the least important one on."""

    def __init__(self, model: nn.Module, groups: list[Group], at_least: int) -> None:
        """Rank them; the `at_least` most important channels of each group are never removed."""
        self._model, self._groups = model, groups
        self._starts = [0]
        for group in groups:
            self._starts.append(self._starts[-1] + len(group.importance))
        importance = torch.cat([group.importance for group in groups])
        for start, group in zip(self._starts, groups, strict=False):
            best = group.importance.argsort(descending=True, stable=True)[:at_least]
            importance[start + best] = torch.inf
        self._order = importance.argsort(stable=True)[: int(importance.isfinite().sum())]
        self._norms = torch.cat([group.norms for group in groups])[self._order].cumsum(0)
        # The last channel of a group to go is the one that would empty its layers.
        emptied = {
            self._position(start, group): group
            for start, group in zip(self._starts, groups, strict=False)
            if not at_least
        }
        self.most = min(emptied, default=len(self._order))
        """The most channels that can be removed."""
        self.emptied = emptied[self.most].name if emptied else None
        """The layer that the next one would empty; None if the others are protected."""

    def _position(self, start: int, group: Group) -> int:
        """Return the place in the order of a group's most important channel."""
        inside = (self._order >= start) & (self._order < start + len(group.importance))
        return int(inside.nonzero().max())

    def norms_removed(self, number: int) -> int:
        """Return how many batch-norm channels go with the `number` least important channels."""
        return int(self._norms[number - 1]) if number else 0

    def number(self, norms: float) -> int:
        """Return how many channels can go until `norms` batch-norm channels are gone, without passing it."""
        return int((self._norms <= norms).sum())

    def plan(self, number: int) -> Plan:
        """Return what stays when the `number` least important channels go."""
        gone = torch.zeros(self._starts[-1], dtype=torch.bool)
        gone[self._order[:number]] = True
        stays: dict[tuple[str, bool], Tensor] = {}
        for start, group in zip(self._starts, self._groups, strict=False):
            for member in group.members:
                counts = widths_of(self._model.get_submodule(member.layer))
                assert counts is not None
                whole = torch.ones(counts[0] if member.is_input else counts[1], dtype=torch.bool)
                mask = stays.setdefault((member.layer, member.is_input), whole)
                mask[member.indices] &= ~gone[start + member.channels]
        kept = {key: mask.nonzero().flatten() for key, mask in stays.items()}
        names = dict.fromkeys(layer for layer, _ in kept)
        return {name: Kept(kept.get((name, True)), kept.get((name, False))) for name in names}


def rank(model: nn.Module, example: Tensor, at_least: int) -> Ranking:
    """Return the channels of `model` that can go, the least important first.

    `example` is a batch of normalized images (N, channels, H, W). `at_least` is the number of channels that
    every layer keeps; with 0, `Ranking.most` ends before the first layer is empty.

    Raises:
        DawnbenchError: Torch-Pruning is not installed, cannot follow the network, or finds no batch norm.
    """
    groups = list(_groups(model, example))
    if not groups:
        raise DawnbenchError(
            f"no channels of {type(model).__name__} can be removed: none lies between two layers and has a "
            "batch norm"
        )
    return Ranking(model, groups, at_least)


def _groups(model: nn.Module, example: Tensor) -> Iterator[Group]:
    pruning = _torch_pruning()
    traced = copy.deepcopy(model).to("meta").eval()
    traced.requires_grad_(True)  # the graph is made of what autograd records
    names: dict[Any, str] = {layer: name for name, layer in traced.named_modules()}
    graph = pruning.DependencyGraph()
    image = torch.empty(1, *example.shape[1:], device="meta")
    ghosts = {GhostBatchNorm2d: graph.REGISTERED_PRUNERS[pruning.ops.OPTYPE.BN]}
    try:
        with torch.enable_grad():
            graph.build_dependency(
                traced, image, lambda network, x: network(x), customized_pruners=ghosts, verbose=False
            )
        found = list(graph.get_all_groups())
    except Exception as error:  # whatever a network can do to its tracer
        raise DawnbenchError(
            f"Torch-Pruning cannot follow {type(model).__name__}: {' '.join(str(error).split())}"
        ) from error
    for group in found:
        layers = [item for item in group if item.dep.target.module in names]
        others = [item.dep.target for item in group if item.dep.target.module not in names]
        if all(_can_shrink(item.dep.target.module) for item in layers) and not any(
            other.type in (pruning.ops.OPTYPE.OUTPUT, pruning.ops.OPTYPE.PARAMETER) for other in others
        ):
            members = tuple(
                Member(
                    names[item.dep.target.module],
                    not graph.is_out_channel_pruning_fn(item.dep.handler),
                    torch.tensor(item.idxs),
                    torch.tensor(item.root_idxs),
                )
                for item in layers
            )
            norms = [(m, model.get_submodule(m.layer)) for m in members]
            scaled = [(m, norm) for m, norm in norms if isinstance(norm, NORMS) and norm.weight is not None]
            if scaled:
                yield _group(members, scaled)


def _can_shrink(layer: nn.Module) -> bool:
    counts = widths_of(layer)
    if isinstance(layer, nn.Conv2d) and layer.groups > 1:
        return is_depthwise(layer) and layer.in_channels == layer.out_channels
    return counts is not None


def _group(members: tuple[Member, ...], scaled: list[tuple[Member, Any]]) -> Group:
    sums = torch.zeros(len(members[0].indices))
    norms = torch.zeros(len(sums), dtype=torch.long)
    for member, norm in scaled:
        scale = norm.weight.detach().abs().float().cpu()
        sums.index_add_(0, member.channels, scale[member.indices])
        norms.index_add_(0, member.channels, torch.ones_like(member.channels))
    means = sums / norms.clamp(min=1)
    return Group(members, means / means.mean().clamp(min=1e-12), norms)


def _torch_pruning() -> Any:
    try:
        import torch_pruning
    except ImportError as error:
        raise DawnbenchError(
            "rule graph needs the package torch-pruning; install it with `pip install 'dawnbench[slim]'`, or "
            "use rule zcls"
        ) from error
    return torch_pruning
