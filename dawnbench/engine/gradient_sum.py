"""Adds up the gradients of several ranks, most of them while the backward pass still computes the others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor

from dawnbench.engine.distributed import flatten, noticing_lost_ranks, unflatten

BUCKET_BYTES = 4_000_000
"""Enough that a message's own cost is small, and few enough that the first one leaves early."""


class GradientSum:
    """The gradients of one model; a bucket of them is sent as soon as the backward pass has all of it.

    All ranks send the same buckets in the same order. What has no gradient when the backward pass has ended,
    because the recipe trains it no more, is left out.

    DistributedDataParallel does the same, but must be built again when a recipe stops training a parameter
    (`until_epoch`), needs eleven eager steps before a step can be captured, splits a compiled model into
    several graphs, and divides by the number of ranks, while the losses here are sums over the batch.
    """

    def __init__(self, parameters: Sequence[Tensor], dtype: torch.dtype) -> None:
        """Sum in `dtype` whatever gradients these parameters get."""
        self._dtype = dtype
        # The backward pass begins with the last layers.
        self._buckets = buckets(list(reversed(parameters)))
        for number, bucket in enumerate(self._buckets):
            for parameter in bucket:
                if parameter.requires_grad:
                    parameter.register_post_accumulate_grad_hook(partial(self._arrived, number))
        self._begin()

    def before(self, take_step: Callable[[], Any]) -> Callable[[], None]:
        """Return a function that waits until all gradients are summed, in place, and then takes the step."""

        def sum_and_step() -> None:
            self._finish()
            take_step()

        return sum_and_step

    def _begin(self) -> None:
        self._there: list[set[int]] = [set() for _ in self._buckets]
        self._sending: list[tuple[dist.Work, Tensor, list[Tensor]]] = []
        self._sent = 0

    def _arrived(self, number: int, parameter: Tensor) -> None:
        if id(parameter) in self._there[number]:
            self._begin()  # the pass before was given up, as in a capture that failed
        self._there[number].add(id(parameter))
        while self._sent < len(self._buckets) and self._is_complete(self._sent):
            self._send()

    def _is_complete(self, number: int) -> bool:
        return len(self._there[number]) == len(self._buckets[number])

    def _send(self) -> None:
        gradients = [p.grad for p in self._buckets[self._sent] if p.grad is not None]
        self._sent += 1
        if gradients:
            flat = flatten(gradients).to(self._dtype)
            with noticing_lost_ranks():
                self._sending.append((dist.all_reduce(flat, async_op=True), flat, gradients))

    def _finish(self) -> None:
        while self._sent < len(self._buckets):
            self._send()
        for work, flat, gradients in self._sending:
            with noticing_lost_ranks():
                work.wait()
            unflatten(flat, gradients)
        self._begin()


def buckets(parameters: Sequence[Tensor]) -> list[list[Tensor]]:
    """Return the parameters in their order, in lists of at least BUCKET_BYTES each but for the last one."""
    found: list[list[Tensor]] = [[]]
    for parameter in parameters:
        if sum(p.nbytes for p in found[-1]) >= BUCKET_BYTES:
            found.append([])
        found[-1].append(parameter)
    return found
