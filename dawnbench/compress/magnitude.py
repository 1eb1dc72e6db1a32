"""Sets the smallest weights of a model to zero, and keeps them there while it is trained."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from dawnbench.engine.hooks import Hook, Progress
from dawnbench.engine.prepare import Prepared
from dawnbench.errors import DawnbenchError
from dawnbench.records.pruning import Scope


def prunable(model: nn.Module) -> dict[str, Tensor]:
    """Return the trained weights of the convolutions and linear layers, by name; no biases and no norms."""
    layers = ((name, m) for name, m in model.named_modules() if isinstance(m, nn.Conv2d | nn.Linear))
    weights = {f"{name}.weight" if name else "weight": layer.weight for name, layer in layers}
    return {name: weight for name, weight in weights.items() if weight.requires_grad}


def magnitude_masks(weights: Mapping[str, Tensor], sparsity: float, scope: Scope) -> dict[str, Tensor]:
    """Return for each weight a tensor of its shape and memory layout that is 0 for the smallest, else 1.

    The fraction `sparsity` of the weights, rounded as torch.nn.utils.prune does, is 0: of all weights, or of
    each layer's own. Of equal weights the first are.
    """
    if scope == "layer":
        return {name: _masks({name: weight}, sparsity)[name] for name, weight in weights.items()}
    return _masks(weights, sparsity)


def _masks(weights: Mapping[str, Tensor], sparsity: float) -> dict[str, Tensor]:
    # Flattened in logical order, since torch's own pruning fails on channels_last (pytorch issue 96743).
    sizes = torch.cat([weight.detach().abs().reshape(-1) for weight in weights.values()])
    kept, masked = torch.ones_like(sizes), round(sparsity * len(sizes))
    if masked:
        limit = sizes.kthvalue(masked).values
        kept[sizes < limit] = 0
        equal = (sizes == limit).nonzero()[:, 0]
        kept[equal[: masked - int((sizes < limit).sum())]] = 0
    parts = kept.split([weight.numel() for weight in weights.values()])
    return {
        name: torch.empty_like(weight).copy_(part.view(weight.shape)).detach()
        for (name, weight), part in zip(weights.items(), parts, strict=True)
    }


class MaskHook(Hook):
    """Starts a trial from given weights instead of fresh ones, and keeps the masked ones at zero."""

    def __init__(self, prepared: Prepared, state: Mapping[str, Tensor], masks: Mapping[str, Tensor]) -> None:
        """Start from `state`, the model's state_dict, and the normalization as it is now."""
        self._prepared, self._state = prepared, state
        weights = prunable(prepared.model)
        self._weights = [weights[name].detach() for name in masks]
        self._masks = list(masks.values())
        self._mean, self._std = (t.clone() for t in (prepared.normalization.mean, prepared.normalization.std))

    def trial_began(self, trial: Progress) -> None:
        """Load the weights; an average, which starts after this, starts from them."""
        self._prepared.normalization.set(self._mean, self._std)
        self._prepared.model.load_state_dict(self._state)
        self.after_step(trial, 0)

    def after_step(self, trial: Progress, step: int) -> None:
        """Mask the weights again, which a step may have moved by their gradient or momentum."""
        torch._foreach_mul_(self._weights, self._masks)


@dataclass(frozen=True)
class Flops:
    """What a forward pass of one image costs, with a multiply-add counted as two."""

    dense: int
    """By torch's counter."""
    per_weight: dict[str, int]
    """What one weight of each prunable layer contributes."""

    def effective(self, masks: Mapping[str, Tensor]) -> int:
        """Return the cost without the masked weights."""
        saved = (self.per_weight[name] * int((mask == 0).sum()) for name, mask in masks.items())
        return self.dense - sum(saved)


def count_flops(model: nn.Module, channels: int, size: int) -> Flops:
    """Return the cost of an image of `size` x `size` pixels, without computing anything."""
    meta = deepcopy(model).to("meta").eval()
    per_weight: dict[str, int] = {}

    def record(name: str, outputs: int) -> Callable[..., None]:
        def hook(_module: nn.Module, _inputs: object, output: Tensor) -> None:
            per_weight[name] = per_weight.get(name, 0) + 2 * output.numel() // outputs

        return hook

    for name, weight in prunable(model).items():
        meta.get_submodule(name.rpartition(".")[0]).register_forward_hook(record(name, len(weight)))
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        meta(torch.empty(1, channels, size, size, device="meta"))
    return Flops(int(counter.get_total_flops()), per_weight)


@contextmanager
def batch_statistics(model: nn.Module) -> Iterator[list[Any]]:
    """Let the batch norms, which are provided, use the statistics of each batch; all else evaluates.

    Raises:
        DawnbenchError: a batch norm does not accept a batch.
    """
    norms: list[Any] = [m for m in model.modules() if isinstance(getattr(m, "running_mean", None), Tensor)]
    model.eval()
    for norm in norms:
        norm.train()
    try:
        yield norms
    except ValueError as error:
        raise DawnbenchError(
            f"batch norm has no statistics here ({error}); choose more images with --data, or do without: "
            "--recalibrate 0, --protocol eval"
        ) from error
    finally:
        model.eval()


@torch.no_grad()
def recalibrate(prepared: Prepared, images: int, seed: int) -> int:
    """Estimate the running statistics of the evaluated model anew on training images, without augmentation.

    The images are drawn from `seed` and are at least as many as `images` says, in whole batches, if there
    are so many. Return their number, which is 0 if the model has no batch norm.
    """
    model, batch = prepared.evaluated, prepared.recipe.batch_size
    forward = prepared.precision.convert(model, prepared.device)
    every = torch.randperm(len(prepared.train), generator=torch.Generator().manual_seed(seed))
    wanted = min(-(-images // batch), max(1, len(every) // batch)) * batch
    batches = every[:wanted].split(batch)
    with batch_statistics(model) as norms:
        momenta = [norm.momentum for norm in norms]
        if not norms:
            return 0
        for number, index in enumerate(batches, start=1):
            for norm in norms:
                norm.momentum = 1 / number
            forward(_inputs(prepared, prepared.train.images[index.to(prepared.device.torch)]))
        for norm, momentum in zip(norms, momenta, strict=True):
            norm.momentum = momentum
    return sum(map(len, batches))


@torch.no_grad()
def correct_in_training_mode(prepared: Prepared) -> int:
    """Return the validation images classified correctly if batch norm uses each batch's own statistics.

    The batches have the size of the training's, in the order of the data set.
    """
    model, split, batch = prepared.evaluated, prepared.validation, prepared.recipe.batch_size
    forward = prepared.precision.convert(model, prepared.device)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    correct = torch.zeros((), dtype=torch.int64, device=prepared.device.torch)
    with batch_statistics(model):
        for images, labels in zip(split.images.split(batch), split.labels.split(batch), strict=True):
            correct += (forward(_inputs(prepared, images)).argmax(1) == labels).sum()
    model.load_state_dict(before)
    return int(correct)


def _inputs(prepared: Prepared, pixels: Tensor) -> Tensor:
    return prepared.normalization(pixels).to(prepared.precision.dtype)
