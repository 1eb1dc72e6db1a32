"""Which channels of which layers stay, and the weights that are left."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn

from dawnbench.models.resize import NORMS, Widths, is_depthwise, widths_of


@dataclass(frozen=True)
class Kept:
    """The channels of one layer that stay, as increasing indices; None keeps all."""

    inputs: Tensor | None = None
    outputs: Tensor | None = None


Plan = dict[str, Kept]
"""By module name; a layer that is not in it stays whole."""


def narrowed(model: nn.Module, plan: Plan) -> tuple[Widths, dict[str, Tensor]]:
    """Return the widths and the state of `model` when only the channels of `plan` stay."""
    state = {name: value.detach().clone() for name, value in model.state_dict().items()}
    widths = []
    for name, kept in plan.items():
        layer = model.get_submodule(name)
        before = widths_of(layer)
        assert before is not None, name
        inputs = before[0] if kept.inputs is None else len(kept.inputs)
        outputs = before[1] if kept.outputs is None else len(kept.outputs)
        if isinstance(layer, NORMS) or is_depthwise(layer):
            inputs = outputs
        if (inputs, outputs) == before:
            continue
        widths.append((name, inputs, outputs))
        for own in ("weight", "bias", "running_mean", "running_var"):
            value = state.get(f"{name}.{own}")
            if value is not None:
                state[f"{name}.{own}"] = _taken(value, layer, kept)
    return tuple(widths), state


def _taken(value: Tensor, layer: nn.Module, kept: Kept) -> Tensor:
    if kept.outputs is not None:
        value = value[kept.outputs.to(value.device)]
    if kept.inputs is not None and value.dim() > 1 and not is_depthwise(layer):
        value = value[:, kept.inputs.to(value.device)]
    return value.contiguous()
