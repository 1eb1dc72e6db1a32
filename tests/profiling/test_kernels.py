"""Rows from the profiler's events, on the host and on a GPU."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch.profiler import ProfilerActivity, profile

from dawnbench.profiling.counts import Count, CountingMode
from dawnbench.profiling.kernels import kernel_rows


class Kind(Enum):
    CPU = 0
    CUDA = 1


@dataclass
class Event:
    """What is read of a torch FunctionEvent; times in microseconds."""

    name: str
    total: float = 0.0
    cpu_children: list[Event] = field(default_factory=list)
    input_shapes: list[list[int]] = field(default_factory=list)
    kernels: list[Any] = field(default_factory=list)
    device_type: Kind = Kind.CPU
    is_async: bool = False
    is_user_annotation: bool = False
    cpu_parent: Any = None

    def __post_init__(self) -> None:
        for child in self.cpu_children:
            child.cpu_parent = self
        self.time_range = SimpleNamespace(elapsed_us=lambda: self.total)
        self.cpu_time_total = self.total
        self.self_cpu_time_total = self.total - sum(child.total for child in self.cpu_children)


def kernel(name: str, duration: float) -> Any:
    return SimpleNamespace(name=name, duration=duration)


MM_COUNT = Count(calls=4, flops=8_000, bytes=400)
MM_COUNT.precisions["fp32"] = 4
COUNTS = {("aten::mm", ((2, 2), (2, 2))): MM_COUNT}


def mm(total: float, *children: Event, **more: Any) -> Event:
    return Event("aten::mm", total, list(children), [[2, 2], [2, 2], []], **more)


def test_a_counted_operation_takes_all_that_happens_below_it() -> None:
    inner = Event("aten::mkldnn_mm", 70)
    linear = Event("aten::linear", 130, [mm(100, inner)])
    events = [linear, *linear.cpu_children, inner]
    found = {row.name: row for row in kernel_rows(events, COUNTS, 2, True, "fp32")}
    assert set(found) == {"mm", "linear"}
    assert found["mm"].seconds == pytest.approx(50e-6)
    assert found["mm"].shapes == ((2, 2), (2, 2))
    assert (found["mm"].calls, found["mm"].flops, found["mm"].bytes) == (0.5, 1_000, 50)
    assert found["linear"].seconds == pytest.approx(15e-6)
    assert found["linear"].flops is found["linear"].bytes is None


def test_a_sum_in_place_has_the_counts_of_the_one_that_is_not() -> None:
    add = Count(calls=1, bytes=24)
    event = Event("aten::add_", 10, input_shapes=[[2], [2], []])
    (row,) = kernel_rows([event], {("aten::add", ((2,), (2,))): add}, 1, True, "fp32")
    assert (row.name, row.bytes) == ("add_", 24)


def test_on_a_gpu_an_operation_takes_the_time_of_its_kernels() -> None:
    launch = Event("cudaLaunchKernel", 9)
    inner = Event("aten::inner", 20, [launch], kernels=[kernel("gemm", 300)])
    product = mm(50, inner, kernels=[kernel("fill", 4)])
    events = [
        Event("aten::linear", 90, [product]),
        product,
        inner,
        launch,
        Event("gemm", 300, device_type=Kind.CUDA),
        Event("fill", 4, device_type=Kind.CUDA),
        Event("Optimizer.step", 999, device_type=Kind.CUDA, is_user_annotation=True),
    ]
    (row,) = kernel_rows(events, COUNTS, 1, False, "tf32")
    assert (row.name, row.seconds, row.precision) == ("mm", pytest.approx(304e-6), "tf32")


def test_kernels_of_a_captured_graph_have_rows_by_their_own_names() -> None:
    product = mm(50, kernels=[kernel("gemm", 300)])
    events = [product, *(Event("gemm", 300, device_type=Kind.CUDA) for _ in range(3))]
    from_graph, launched = kernel_rows(events, COUNTS, 1, False, "tf32")
    assert (from_graph.name, from_graph.calls, from_graph.flops) == ("gemm", 2, None)
    assert from_graph.seconds == pytest.approx(600e-6)
    assert launched.name == "mm"


def test_real_events_find_their_real_counts() -> None:
    left, right = torch.ones(64, 32), torch.ones(32, 16)

    def work() -> None:
        torch.nn.functional.linear(left, right.T).relu_()

    work()
    with profile(activities=[ProfilerActivity.CPU], record_shapes=True) as profiler:
        work()
    with CountingMode() as counting:
        work()
    rows = {row.name: row for row in kernel_rows(profiler.events(), counting.counts, 1, True, "fp32")}
    assert rows["mm"].flops == 2 * 64 * 32 * 16
    assert rows["mm"].shapes == ((64, 32), (32, 16))
    assert rows["relu_"].bytes == 4 * 2 * 64 * 16
    assert rows["t"].bytes == 0
