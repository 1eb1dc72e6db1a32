"""Which channels of which layers stay, and the weights that are left."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn

from dawnbench.models.resize import NORMS, Widths, is_depthwise, widths_of


@dataclass(frozen=True)
class Kept:
    """The channels of one layer that stay, as increasing indices; None keeps all."""

    inputs: Tensor | None = None
    """Ignored for a batch norm and a depthwise convolution, whose inputs follow from their outputs."""
    outputs: Tensor | None = None


Plan = dict[str, Kept]
"""By module name; a layer that is not in it stays whole."""


def plan_widths(model: nn.Module, plan: Plan) -> Widths:
    """Return the widths of `model` when only the channels of `plan` stay."""
    widths = []
    for name, kept in plan.items():
        layer = model.get_submodule(name)
        dense = widths_of(layer)
        assert dense is not None, name
        outputs = dense[1] if kept.outputs is None else len(kept.outputs)
        inputs = dense[0] if kept.inputs is None else len(kept.inputs)
        if isinstance(layer, NORMS) or is_depthwise(layer):
            inputs = outputs
        if (inputs, outputs) != dense:
            widths.append((name, inputs, outputs))
    return tuple(widths)


def plan_state(model: nn.Module, plan: Plan) -> dict[str, Tensor]:
    """Return a copy of the weights and buffers of `model` that belong to the channels of `plan`."""
    state = {}
    for name, value in model.state_dict().items():
        layer, _, own = name.rpartition(".")
        if layer in plan and own in ("weight", "bias", "running_mean", "running_var"):
            value = _taken(value, model.get_submodule(layer), plan[layer])
        state[name] = value.detach().clone()
    return state


def _taken(value: Tensor, layer: nn.Module, kept: Kept) -> Tensor:
    if kept.outputs is not None:
        value = value[kept.outputs.to(value.device)]
    if kept.inputs is not None and value.dim() > 1 and not is_depthwise(layer):
        value = value[:, kept.inputs.to(value.device)]
    return value
