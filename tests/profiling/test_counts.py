"""FLOPs and bytes of single operations, worked out by hand."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional

from dawnbench.profiling.counts import Count, CountingMode

sides = st.integers(1, 20)


def counted(work: Callable[[], object]) -> dict[str, Count]:
    with CountingMode() as mode:
        work()
    return {name: count for (name, _), count in mode.counts.items()}


@given(sides, sides, sides)
def test_a_product_reads_both_matrices_and_writes_one(rows: int, inner: int, columns: int) -> None:
    left, right = torch.ones(rows, inner), torch.ones(inner, columns)
    (count,) = counted(lambda: left @ right).values()
    assert count.flops == 2 * rows * inner * columns
    assert count.bytes == 4 * (rows * inner + inner * columns + rows * columns)
    assert (count.calls, count.precision) == (1, "fp32")


def test_both_passes_of_a_convolution_are_counted() -> None:
    images = torch.ones(2, 3, 8, 8, requires_grad=True)
    weight = torch.ones(4, 3, 3, 3, requires_grad=True)
    found = counted(lambda: functional.conv2d(images, weight, padding=1).sum().backward())
    flops = 2 * 2 * 8 * 8 * 4 * 3 * 9
    sizes = 4 * (images.numel() + weight.numel() + 2 * 4 * 8 * 8)
    assert (found["aten::convolution"].flops, found["aten::convolution"].bytes) == (flops, sizes)
    backward = found["aten::convolution_backward"]
    assert backward.flops == 2 * flops
    # The gradient of the sum is one number, expanded; the images, the weight and their gradients are whole.
    assert backward.bytes == 4 * (2 * images.numel() + 2 * weight.numel() + 1)


def test_a_gradient_that_nobody_asked_for_is_not_counted() -> None:
    # For the bias alone, some processors' kernels return the weight's gradient too.
    images, weight = torch.ones(2, 3, 8, 8), torch.ones(4, 3, 3, 3)
    bias = torch.ones(4, requires_grad=True)
    found = counted(lambda: functional.conv2d(images, weight, bias, padding=1).sum().backward())
    backward = found["aten::convolution_backward"]
    assert backward.bytes == 4 * (images.numel() + weight.numel() + bias.numel() + 1)


A, B = torch.ones(100), torch.ones(100)


@pytest.mark.parametrize(
    ("work", "name", "elements"),
    [
        (lambda: A + B, "aten::add", 300),
        (lambda: A.add_(B), "aten::add_", 300),
        (lambda: A.copy_(B), "aten::copy_", 200),
        (lambda: A.fill_(1), "aten::fill_", 100),
        (lambda: torch.add(A, B, out=torch.empty(100)), "aten::add", 300),
        (lambda: A.view(10, 10), "aten::view", 0),
        (lambda: torch.empty_like(A), "aten::empty_like", 0),
        (lambda: torch.ones(1).expand(100) + A, "aten::add", 201),
        (lambda: A.index_select(0, torch.tensor([3, 4])), "aten::index_select", 2 + 2 + 2 * 2),
        (lambda: A[torch.tensor([3, 4])], "aten::index", 2 + 2 + 2 * 2),
        (lambda: torch._foreach_add_([A, B], [B, A]), "aten::_foreach_add_", 600),
    ],
)
def test_what_an_operation_touches(work: Callable[[], Tensor], name: str, elements: int) -> None:
    count = counted(work)[name]
    assert (count.bytes, count.flops) == (4 * elements, 0)


def test_a_fused_optimizer_reads_the_gradients_and_changes_weights_and_momenta() -> None:
    weight = torch.nn.Parameter(torch.ones(100))
    optimizer = torch.optim.SGD([weight], lr=0.1, momentum=0.9, fused=True)
    for _ in range(2):
        weight.grad = torch.ones(100)
        found = counted(optimizer.step)
    assert found["aten::_fused_sgd_"].bytes == 4 * 500


def test_calls_of_the_same_shapes_are_summed_and_others_kept_apart() -> None:
    with CountingMode() as mode:
        for size in (2, 2, 3):
            _ = torch.ones(size, size).bfloat16() @ torch.ones(size, size).bfloat16()
    products = {shapes: count for (name, shapes), count in mode.counts.items() if name == "aten::mm"}
    assert {shapes: count.calls for shapes, count in products.items()} == {((2, 2),) * 2: 2, ((3, 3),) * 2: 1}
    assert products[(2, 2), (2, 2)].flops == 2 * 2 * 2**3
    assert {count.precision for count in products.values()} == {"bf16"}
