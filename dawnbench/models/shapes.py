"""Costs and output shapes of torch operators on the meta device, without computing anything.

On the meta device torch implements most operators in Python, and the first of them loads its compiler and a
computer algebra system: 1.5 s, or 5 s if Python keeps no bytecode. The operators of convolutional networks
are therefore handled here, and only unknown ones are left to torch. The cost of an operator is always torch's
own count.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import reduce
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

aten = torch.ops.aten
LAYOUT = {"memory_format", "pin_memory"}
"""Keywords that do not change the shape."""


class UnansweredError(Exception):
    """Torch must handle these arguments, or reject them with its own message."""


class OperatorCounter(TorchDispatchMode):
    """Counts floating-point operations while active; all tensors must be on the meta device.

    It may reject, with any exception, what torch would accept. torch's `FlopCounterMode` is authoritative.
    """

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._flops = 0

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        # True, the default, would load the compiler at the first operator.
        return False

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Return the operator's result and add its cost."""
        kwargs = kwargs or {}
        answer = None if kwargs.keys() - LAYOUT else ANSWERS.get(func)
        try:
            given = func(*args, **kwargs) if answer is None else answer(*args, **kwargs)
        except UnansweredError:
            given = func(*args, **kwargs)
        count = flop_registry.get(func._overloadpacket)
        if count is not None:
            self._flops += int(count(*args, **kwargs, out_val=given))
        return given

    def get_total_flops(self) -> int:
        """Return the cost of all operators so far."""
        return self._flops


def _empty(like: Tensor, shape: Sequence[int], dtype: torch.dtype | None = None) -> Tensor:
    return torch.empty(shape, dtype=dtype or like.dtype, device="meta")


def _broadcast(*shapes: Sequence[int]) -> list[int]:
    """Return the common shape."""
    common: list[int] = []
    for place in range(1, 1 + max(map(len, shapes))):
        sizes = {shape[-place] for shape in shapes if len(shape) >= place} - {1}
        if len(sizes) > 1:
            raise UnansweredError
        common.insert(0, sizes.pop() if sizes else 1)
    return common


def _elementwise(*args: Any) -> Tensor:
    tensors = [argument for argument in args if isinstance(argument, Tensor)]
    dtype = reduce(torch.promote_types, (tensor.dtype for tensor in tensors))
    return _empty(tensors[0], _broadcast(*(tensor.shape for tensor in tensors)), dtype)


def _comparison(*args: Any) -> Tensor:
    return _empty(args[0], _elementwise(*args).shape, torch.bool)


def _reduction(x: Tensor, dims: Sequence[int] | None = None, keep: bool = False, *_: Any) -> Tensor:
    gone = {dim % x.dim() for dim in dims or range(x.dim())}
    kept = [1 if i in gone else size for i, size in enumerate(x.shape) if keep or i not in gone]
    return _empty(x, kept)


def _max(x: Tensor, dim: int, keep: bool = False) -> tuple[Tensor, Tensor]:
    values = _reduction(x, [dim], keep)
    return values, _empty(values, values.shape, torch.int64)


def _convolution(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    stride: Sequence[int],
    padding: Sequence[int],
    dilation: Sequence[int],
    transposed: bool,
    output_padding: Sequence[int],
    groups: int,
) -> Tensor:
    if transposed or x.dim() != weight.dim() or x.shape[1] != weight.shape[1] * groups:
        raise UnansweredError
    return _empty(x, (x.shape[0], weight.shape[0], *_windows(x, weight.shape[2:], stride, padding, dilation)))


def _windows(
    x: Tensor,
    kernel: Sequence[int],
    stride: Sequence[int],
    padding: Sequence[int],
    dilation: Sequence[int],
) -> list[int]:
    """Return how many windows fit along each axis after the channels."""
    axes = zip(x.shape[2:], kernel, stride, padding, dilation, strict=True)
    sizes = [(size + 2 * pad - gap * (width - 1) - 1) // step + 1 for size, width, step, pad, gap in axes]
    if min(sizes) < 1:
        raise UnansweredError
    return sizes


def _convolution_backward(
    gradient: Tensor, x: Tensor, weight: Tensor, *rest: Any
) -> tuple[Tensor | None, ...]:
    shapes = x.shape, weight.shape, gradient.shape[1:2]
    return tuple(_empty(x, shape) if wanted else None for shape, wanted in zip(shapes, rest[-1], strict=True))


def _batch_norm(x: Tensor, *_: Any) -> tuple[Tensor, ...]:
    return _empty(x, x.shape), _empty(x, x.shape[1:2]), _empty(x, x.shape[1:2])


def _batch_norm_backward(_: Tensor, x: Tensor, *__: Any) -> tuple[Tensor, ...]:
    return _batch_norm(x)


def _max_pool(
    x: Tensor,
    kernel: Sequence[int],
    stride: Sequence[int] = (),
    padding: Sequence[int] = (0, 0),
    dilation: Sequence[int] = (1, 1),
) -> tuple[Tensor, Tensor]:
    shape = [*x.shape[:2], *_windows(x, kernel, stride or kernel, padding, dilation)]
    return _empty(x, shape), _empty(x, shape, torch.int64)


def _max_pool_backward(_: Tensor, x: Tensor, *__: Any) -> Tensor:
    return _like(x)


def _cat(parts: Sequence[Tensor], dim: int = 0) -> Tensor:
    shape = list(parts[0].shape)
    shape[dim] = sum(part.shape[dim] for part in parts)
    if any(part.dim() != len(shape) for part in parts):
        raise UnansweredError
    for axis in {*range(len(shape))} - {dim % len(shape)}:
        if any(part.shape[axis] != shape[axis] for part in parts):
            raise UnansweredError
    return _empty(parts[0], shape)


def _mm(a: Tensor, b: Tensor) -> Tensor:
    if a.shape[1] != b.shape[0]:
        raise UnansweredError
    return _empty(a, (a.shape[0], b.shape[1]))


def _addmm(_: Tensor, a: Tensor, b: Tensor) -> Tensor:
    return _mm(a, b)


def _like(x: Tensor, **_: Any) -> Tensor:
    return _empty(x, x.shape)


def _repeat(x: Tensor, times: Sequence[int]) -> Tensor:
    shape = [1] * (len(times) - x.dim()) + list(x.shape)
    return _empty(x, [size * count for size, count in zip(shape, times, strict=True)])


def _in_place(x: Tensor, *_: Any) -> Tensor:
    return x


def _table() -> Iterable[tuple[Any, Callable[..., Any]]]:
    """Yield each operator with its implementation."""
    for packet in (aten.add, aten.sub, aten.mul, aten.div, aten.eq):
        answer = _comparison if packet is aten.eq else _elementwise
        yield from ((packet.Tensor, answer), (packet.Scalar, answer))
    for packet in (aten.add_, aten.sub_, aten.mul_, aten.div_):
        yield from ((packet.Tensor, _in_place), (packet.Scalar, _in_place))
    for packet in (aten.relu_, aten.silu_, aten.gelu_, aten.celu_, aten.copy_):
        yield packet.default, _in_place
    for packet in (aten.relu, aten.gelu, aten.silu, aten.celu, aten.sqrt):
        yield packet.default, _elementwise
    for packet in (aten.threshold_backward, aten.gelu_backward, aten.silu_backward):
        yield packet.default, _elementwise
    yield aten.elu_backward.default, _elementwise
    yield aten.mean.dim, _reduction
    yield aten.sum.dim_IntList, _reduction
    yield aten.std.correction, _reduction
    yield aten.amax.default, _reduction
    yield aten.max.dim, _max
    yield aten.scatter.src, lambda x, *_: _empty(x, x.shape)
    yield aten.sum.default, _reduction
    yield aten.mm.default, _mm
    yield aten.addmm.default, _addmm
    yield aten.repeat.default, _repeat
    yield aten.cat.default, _cat
    yield aten.ones_like.default, _like
    yield aten.empty_like.default, _like
    yield aten.max_pool2d_with_indices.default, _max_pool
    yield aten.max_pool2d_with_indices_backward.default, _max_pool_backward
    yield aten.convolution.default, _convolution
    yield aten.convolution_backward.default, _convolution_backward
    yield aten.native_batch_norm.default, _batch_norm
    yield aten.native_batch_norm_backward.default, _batch_norm_backward


ANSWERS: dict[Any, Callable[..., Any]] = dict(_table())
"""By operator, a function that returns a tensor of the same shape as torch would."""
