"""The processes that train one trial together, one for each device: what they share and how."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor

from dawnbench.engine.device import Device, open_device
from dawnbench.engine.launched import Launched
from dawnbench.errors import DawnbenchError

PATIENCE = timedelta(minutes=30)
"""How long a process waits for the others: they may have to download data or compile first."""


class Ranks:
    """A trial's only process: nothing has to be shared."""

    def __init__(self, place: Launched = Launched()) -> None:  # noqa: B008  it is frozen
        self.place = place
        self.rank, self.size = place.rank, place.size

    def sum_(self, tensor: Tensor) -> None:
        """Replace a tensor by its sum over all ranks."""

    def mean_(self, tensors: Sequence[Tensor]) -> None:
        """Replace each tensor by its mean over all ranks."""

    def copy_from_first_(self, tensors: Sequence[Tensor]) -> None:
        """Replace each tensor by that of rank 0."""

    def joined(self, mine: Tensor, count: int) -> Tensor:
        """Return the `count` rows of which `mine` are this rank's share."""
        return mine

    def gather(self, value: Any) -> list[Any]:
        """Return every rank's value, in the order of the ranks; waits for all of them."""
        return [value]

    def from_first(self, value: Any) -> Any:
        """Return rank 0's value; waits for it."""
        return value

    def any_lately(self, mine: bool) -> bool:
        """Return the same on all ranks: whether one of them said True, as far as is known without waiting."""
        return mine

    def close(self) -> None:
        """Part from the other ranks."""


SINGLE = Ranks()


class ProcessRanks(Ranks):
    """One of several processes, which talk through torch.distributed."""

    _lately: tuple[Tensor, dist.Work] | None = None
    """What the ranks said in the last call of `any_lately`, which may still be on its way."""

    def sum_(self, tensor: Tensor) -> None:
        """Replace a tensor by its sum over all ranks."""
        with noticing_lost_ranks():
            dist.all_reduce(tensor)

    def mean_(self, tensors: Sequence[Tensor]) -> None:
        """Replace each tensor by its mean over all ranks."""
        if tensors:
            flat = flatten(tensors)
            self.sum_(flat)
            unflatten(flat / self.size, tensors)

    def copy_from_first_(self, tensors: Sequence[Tensor]) -> None:
        """Replace each tensor by that of rank 0."""
        for dtype in dict.fromkeys(tensor.dtype for tensor in tensors):
            alike = [tensor for tensor in tensors if tensor.dtype == dtype]
            flat = flatten(alike)
            with noticing_lost_ranks():
                dist.broadcast(flat, 0)
            unflatten(flat, alike)

    def joined(self, mine: Tensor, count: int) -> Tensor:
        """Return the `count` rows of which `mine` are this rank's share."""
        rows = mine.new_zeros(count, *mine.shape[1:])
        rows[self.place.share(count)] = mine
        self.sum_(rows)  # a sum with zeros is exact, whatever the sizes of the shares
        return rows

    def gather(self, value: Any) -> list[Any]:
        """Return every rank's value, in the order of the ranks; waits for all of them."""
        values: list[Any] = [None] * self.size
        with noticing_lost_ranks():
            dist.all_gather_object(values, value)
        return values

    def from_first(self, value: Any) -> Any:
        """Return rank 0's value; waits for it."""
        values = [value]
        with noticing_lost_ranks():
            dist.broadcast_object_list(values, 0)
        return values[0]

    def any_lately(self, mine: bool) -> bool:
        """Return the same on all ranks: whether one of them said True, as far as is known without waiting."""
        before, said = self._lately, torch.tensor(mine, dtype=torch.int32)
        with noticing_lost_ranks():
            work = dist.all_reduce(said, dist.ReduceOp.MAX, async_op=True)
            if before is not None:
                before[1].wait()
        self._lately = said, work
        return before is not None and bool(before[0])

    def close(self) -> None:
        """Part from the other ranks."""
        if self._lately is not None:
            self._lately[1].wait()
        dist.destroy_process_group()


class LostRankError(DawnbenchError):
    """Another process ended; it has said why, or was killed."""


@contextmanager
def noticing_lost_ranks() -> Iterator[None]:
    """Turn the error of a broken connection to another rank into a sentence.

    Raises:
        LostRankError: another rank ended, or cannot be reached any more.
    """
    try:
        yield
    except RuntimeError as error:
        # Gloo has no class of its own. What a capture refuses is the capture's business.
        lost = isinstance(error, dist.DistError) or "gloo" in str(error)
        if not lost or (torch.cuda.is_initialized() and torch.cuda.is_current_stream_capturing()):
            raise
        # Without the place in Gloo's source, and without its advice.
        words = re.sub(r"\[\S*\]:?\S*|\. .*", "", next(iter(str(error).splitlines()), "")).split()
        raise LostRankError(
            "another rank ended, or the connection to it broke, so the trial cannot go on "
            f"({' '.join(words)})"
        ) from error


class SaidByFirstError(DawnbenchError):
    """A failure that rank 0 reports for all."""


@contextmanager
def leader_first(ranks: Ranks) -> Iterator[None]:
    """Do the block on the first rank of each node, then on the others, which find its files."""
    if not ranks.place.leads_node:
        ranks.gather(None)
    try:
        yield
    finally:
        if ranks.place.leads_node:
            ranks.gather(None)


@contextmanager
def failing_together(ranks: Ranks) -> Iterator[None]:
    """End the block with an error on all ranks if it fails on one, which rank 0 then reports.

    Raises:
        SaidByFirstError: on the other ranks.
    """
    failure: Exception | None = None
    try:
        yield
    except (DawnbenchError, OSError) as error:
        failure = error
    failures = ranks.gather(failure and (str(failure) or type(failure).__name__))
    if failure is not None and ranks.rank == 0:
        raise failure
    found = next(((rank, why) for rank, why in enumerate(failures) if why is not None), None)
    if found is not None:
        raise (SaidByFirstError if ranks.rank else DawnbenchError)(f"rank {found[0]}: {found[1]}")


def open_ranks(place: Launched, name: str) -> Ranks:
    """Meet the other processes, which train on devices called `name` as well.

    Raises:
        DawnbenchError: they cannot be reached.
    """
    if place.size == 1:
        return SINGLE
    # Gloo carries what is on the host even if the gradients go from GPU to GPU.
    backend = "cpu:gloo,cuda:nccl" if _is_gpu(name) else "gloo"
    try:
        dist.init_process_group(backend, timeout=PATIENCE)
    except (RuntimeError, ValueError) as error:
        reason = next(iter(str(error).splitlines()), type(error).__name__)
        raise DawnbenchError(
            f"the other ranks cannot be reached ({reason}); check torchrun's --rdzv-endpoint and that the "
            "nodes reach each other"
        ) from error
    return ProcessRanks(place)


def open_rank_device(name: str, ranks: Ranks) -> Device:
    """Open the device called `name`: of several processes on a node, each takes a GPU of its own.

    Raises:
        DawnbenchError: it is unknown or unavailable, or is one that all of them would take; or their devices
            differ.
    """
    if ranks.size == 1:
        return open_device(name)
    with failing_together(ranks):
        if name == "mps" or ":" in name:
            raise DawnbenchError(
                f"device {name} is a single one, and {ranks.size} processes need one each; use --device "
                "cuda, which gives each process its own GPU, or --device cpu"
            )
        own = f"cuda:{ranks.place.local_rank}" if _is_gpu(name) else "cpu" if name == "auto" else name
        device = open_device(own)
    names = ranks.gather(device.product_name)
    with failing_together(ranks):
        if names[ranks.rank] != names[0]:
            # Random numbers differ between kinds of GPU, and a record has room for one name.
            raise DawnbenchError(
                f"its device is {names[ranks.rank]} and that of rank 0 {names[0]}; train on devices of one "
                "kind"
            )
    return device


def _is_gpu(name: str) -> bool:
    return name in ("auto", "cuda") and torch.cuda.is_available()


def flatten(tensors: Sequence[Tensor]) -> Tensor:
    """Return the elements of all tensors in one of a single dimension."""
    return torch.cat([_in_memory_order(tensor.detach()).reshape(-1) for tensor in tensors])


@torch.no_grad()
def unflatten(flat: Tensor, targets: Sequence[Tensor]) -> None:
    """Copy what `flatten` returned for tensors of these shapes and layouts into them."""
    ordered = [_in_memory_order(target.detach()) for target in targets]
    parts = flat.split([target.numel() for target in targets])
    sources = [part.view(target.shape) for part, target in zip(parts, ordered, strict=True)]
    torch._foreach_copy_(ordered, sources)


def _in_memory_order(tensor: Tensor) -> Tensor:
    """Return a channels_last tensor with its dimensions as they lie in memory, any other unchanged."""
    is_channels_last = tensor.dim() == 4 and tensor.is_contiguous(memory_format=torch.channels_last)
    return tensor.permute(0, 2, 3, 1) if is_channels_last else tensor
