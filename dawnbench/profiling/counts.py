"""Counts the FLOPs and bytes of each operation of a training step."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import flop_registry

from dawnbench.engine.device.base import DTYPES

Key = tuple[str, tuple[tuple[int, ...], ...]]
"""An operation's name and the shapes of its tensors, except scalars and tensors in lists."""

ONLY_WRITE = frozenset(
    f"aten::{name}"
    for name in (
        "copy_",
        "fill_",
        "zero_",
        "random_",
        "uniform_",
        "normal_",
        "bernoulli_",
        "_foreach_copy_",
        "_foreach_zero_",
    )
)
"""In-place operations that do not read their target."""
PICK = frozenset(f"aten::{name}" for name in ("index_select", "index", "gather", "embedding"))
"""Operations that read only as much of their first tensor as they write."""
ALLOCATE = frozenset(
    f"aten::{name}" for name in ("empty", "empty_like", "empty_strided", "new_empty", "new_empty_strided")
)
PRECISION_NAMES = {dtype: name for name, dtype in DTYPES.items()}


def key_of(name: str, shapes: Iterable[Sequence[int]]) -> Key:
    """Return the key that joins an operation's counts and times."""
    return name, tuple(tuple(shape) for shape in shapes if len(shape))


@dataclass
class Count:
    """The totals of all calls with one key."""

    calls: int = 0
    flops: int = 0
    """By torch's own formulas for products, convolutions and attention; 0 for everything else."""
    bytes: int = 0
    """Inputs and outputs, each accessed once."""
    precisions: Counter[str] = field(default_factory=Counter)
    """Number of calls by the precision of the first tensor that has one."""

    @property
    def precision(self) -> str | None:
        """The most frequent precision."""
        return self.precisions.most_common(1)[0][0] if self.precisions else None


class CountingMode(TorchDispatchMode):
    """Counts every operation that reaches the dispatcher while active."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.counts: dict[Key, Count] = {}

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Run the operation and count it."""
        kwargs = kwargs or {}
        result = func(*args, **kwargs)
        name = func._schema.name
        values = [*args, *kwargs.values()]
        key = key_of(name, (value.shape for value in values if isinstance(value, Tensor)))
        count = self.counts.setdefault(key, Count())
        count.calls += 1
        count.bytes += moved_bytes(func, args, kwargs, result)
        formula = flop_registry.get(func.overloadpacket)
        if formula is not None:
            count.flops += formula(*args, **kwargs, out_val=result)
        precision = next((p for t in _tensors(values) if (p := PRECISION_NAMES.get(t.dtype))), None)
        if precision is not None:
            count.precisions[precision] += 1
        return result


def moved_bytes(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> int:
    """Return the bytes of an operation's inputs and outputs, each accessed once; 0 for views and allocations.

    Tensors changed in place are both read and written.
    """
    name = func._schema.name
    if func.is_view or name in ALLOCATE:
        return 0
    read = written = 0
    seen: set[int] = set()
    for argument, value in zip(func._schema.arguments, args, strict=False):
        read += _touched(value)
        seen.update(map(id, _tensors([value])))
        written += _touched(value) if _is_changed(argument) else 0
    for argument in func._schema.arguments:
        if argument.name in kwargs:
            value = kwargs[argument.name]
            seen.update(map(id, _tensors([value])))
            # Keyword arguments are output tensors or the state of an optimizer.
            written += _touched(value) if _is_changed(argument) else 0
            read += 0 if argument.is_out else _touched(value)
    requested = _requested(func, args, kwargs, result)
    written += sum(_bytes(tensor) for tensor in _tensors([requested]) if id(tensor) not in seen)
    if name in ONLY_WRITE:
        read -= _touched(args[0])
    if name in PICK:
        read += min(0, written - _touched(args[0]))
    return read + written


def _requested(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> Any:
    """Return the results that `output_mask` selects, or all if there is no mask.

    Some processors' kernels return others as well, such as the gradient of a frozen weight.
    """
    given = dict(zip((argument.name for argument in func._schema.arguments), args, strict=False)) | kwargs
    mask = given.get("output_mask")
    if mask is None:
        return result
    return [one for one, wanted in zip(result, mask, strict=True) if wanted]


def _is_changed(argument: Any) -> bool:
    # torch's fused optimizers unscale the gradients in place only if there is a loss scale.
    return argument.alias_info is not None and argument.alias_info.is_write and argument.name != "grads"


def _tensors(values: Any) -> Iterator[Tensor]:
    return (leaf for leaf in tree_leaves(values) if isinstance(leaf, Tensor))


def _touched(value: Any) -> int:
    return sum(map(_bytes, _tensors([value])))


def _bytes(tensor: Tensor) -> int:
    """Return the bytes of the distinct elements: an expanded dimension counts as one."""
    elements = 1
    for length, stride in zip(tensor.shape, tensor.stride(), strict=True):
        elements *= length if stride or not length else 1
    return elements * tensor.element_size()


def float32_name(device: torch.device) -> str:
    """Return the precision of float32 matrix products on this device."""
    return "tf32" if device.type == "cuda" and torch.get_float32_matmul_precision() != "highest" else "fp32"
