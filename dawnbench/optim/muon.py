"""Muon: momentum whose matrices are nearly orthogonalized before each step."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.optim import SGD, Optimizer

from dawnbench.optim.combined import CombinedOptimizer

COEFFICIENTS = (3.4445, -4.7750, 2.0315)
"""Coefficients of the quintic that moves every singular value close to 1 (Jordan 2024, "Muon: an optimizer
for hidden layers in neural networks")."""
NORM_EPSILON = 1e-7


def orthogonalize(matrices: Tensor, steps: int) -> Tensor:
    """Return matrices (N, rows, columns) with all singular values moved towards 1, by Newton-Schulz steps.

    After three steps they are between about 0.5 and 1.3 if they were at least a hundredth of the norm.
    """
    first, third, fifth = COEFFICIENTS
    tall = matrices.shape[1] > matrices.shape[2]
    x = matrices.transpose(1, 2) if tall else matrices
    x = x / (x.flatten(1).float().norm(dim=1) + NORM_EPSILON)[:, None, None].to(x.dtype)
    for _ in range(steps):
        gram = x @ x.transpose(1, 2)
        x = torch.baddbmm(x, torch.baddbmm(gram, gram, gram, beta=third, alpha=fifth), x, beta=first)
    return x.transpose(1, 2) if tall else x


def _as_batch(banks: Sequence[Tensor]) -> Tensor:
    """Return banks as matrices (N, rows, columns) with one row per output, padded with zeros to one shape."""
    # In the order of `channels_last` memory, so that nothing is copied.
    matrices = [bank.permute(0, 2, 3, 1).flatten(1) for bank in banks]
    rows, columns = (max(matrix.shape[axis] for matrix in matrices) for axis in (0, 1))
    full = (rows, columns)
    return torch.stack(
        [m if m.shape == full else F.pad(m, (0, columns - m.shape[1], 0, rows - len(m))) for m in matrices]
    )


def _as_bank(matrix: Tensor, bank: Tensor) -> Tensor:
    """Return what `_as_batch` made of a bank in the bank's own shape."""
    outputs, inputs, height, width = bank.shape
    own = matrix[:outputs, : inputs * height * width]
    return own.reshape(outputs, height, width, inputs).permute(0, 3, 1, 2)


class Muon(Optimizer):
    """Orthogonalized Nesterov momentum for convolution filters, which are kept at a constant norm.

    A filter bank (outputs, inputs, height, width) counts as a matrix with one row per output. Before each
    step it is scaled to a Frobenius norm of sqrt(outputs), so that the rate alone determines how far a step
    rotates it. Banks of the same shape share the matrix products; with `one_batch` all banks do, padded with
    zeros, which pays where starting a kernel costs more than multiplying by zeros.
    """

    def __init__(
        self,
        parameters: Iterable[nn.Parameter],
        *,
        momentum: float,
        steps: int,
        dtype: torch.dtype = torch.float32,
        one_batch: bool = False,
        **group: Any,
    ) -> None:
        """Take filters; matrix products are in `dtype`; `group` holds further keys of their only group."""
        self._momentum, self._steps, self._dtype, self._one_batch = momentum, steps, dtype, one_batch
        super().__init__([{"params": list(parameters), **group}], {"lr": 0.0})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        """Take one step along the gradients."""
        assert closure is None
        for group in self.param_groups:
            batches: dict[tuple[int, ...], list[Tensor]] = defaultdict(list)
            for bank in group["params"]:
                if bank.grad is not None:
                    batches[() if self._one_batch else tuple(bank.shape)].append(bank)
            for banks in batches.values():
                self._step_banks(banks, group["lr"])

    def _step_banks(self, banks: list[Tensor], rate: float | Tensor) -> None:
        """Step banks that share their products, each of which has a gradient."""
        gradients = [bank.grad for bank in banks if bank.grad is not None]
        momenta = [self._momentum_of(bank) for bank in banks]
        torch._foreach_mul_(momenta, self._momentum)
        torch._foreach_add_(momenta, gradients)
        nesterov = torch._foreach_add(gradients, momenta, alpha=self._momentum)
        updates = orthogonalize(_as_batch(nesterov).to(self._dtype), self._steps).float() * rate
        norms = _as_batch(banks).flatten(1).norm(dim=1) + NORM_EPSILON
        torch._foreach_div_(banks, norms.unbind())
        torch._foreach_mul_(banks, [len(bank) ** 0.5 for bank in banks])
        torch._foreach_sub_(banks, [_as_bank(*pair) for pair in zip(updates, banks, strict=True)])

    def _momentum_of(self, bank: Tensor) -> Tensor:
        state = self.state[bank]
        if not state:
            state["momentum_buffer"] = torch.zeros_like(bank)
        return state["momentum_buffer"]  # type: ignore[no-any-return]


def muon_with_sgd(
    model: nn.Module,
    *,
    batch_size: int,
    fused: bool,
    dtype: torch.dtype,
    momentum: float,
    steps: int,
    sgd_momentum: float,
    bias_rate_scale: float,
    head_rate_scale: float,
    weight_decay: float,
    first_bias_epochs: float,
) -> CombinedOptimizer:
    """Return Muon for 3x3 filters and Nesterov SGD for the rest, for a loss that is summed over the batch.

    Muon's step does not depend on the scale of its gradients, so its rate is the schedule's; the rates of
    biases and of matrices (the head) are multiples of it, for the summed loss. Their decay per step is the
    schedule's rate times `weight_decay` times the batch size, whatever their own rate. The first layer's bias
    (named `whiten.bias`) is trained for `first_bias_epochs` only, its rate falling to 0. Muon's matrix
    products are in `dtype`.
    """
    trained = [(name, p) for name, p in model.named_parameters() if p.requires_grad]
    filters = [p for _, p in trained if p.dim() == 4]
    first = [p for name, p in trained if name == "whiten.bias"]
    biases = [p for name, p in trained if p.dim() == 1 and name != "whiten.bias"]
    head = [p for _, p in trained if p.dim() == 2]

    def group(parameters: list[nn.Parameter], scale: float, **more: Any) -> dict[str, Any]:
        decay = weight_decay * batch_size / scale
        return {"params": parameters, "rate_scale": scale, "weight_decay": decay, **more}

    groups = [
        group(first, bias_rate_scale, until_epoch=first_bias_epochs),
        group(biases, bias_rate_scale),
        group(head, head_rate_scale),
    ]
    groups = [g for g in groups if g["params"]]
    on_gpu = any(bank.is_cuda for bank in filters)
    return CombinedOptimizer(
        Muon(filters, momentum=momentum, steps=steps, dtype=dtype, one_batch=on_gpu, rate_scale=1.0),
        SGD(groups, lr=0.0, momentum=sgd_momentum, nesterov=True, fused=fused),
    )
