"""When gradients leave, and what becomes of a pass that was given up; test_distributed.py has two ranks."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
import torch.distributed as dist
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from dawnbench.engine import gradient_sum
from dawnbench.engine.gradient_sum import GradientSum, buckets


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """The number of elements of each message of a group that has one member."""
    sizes: list[int] = []
    all_reduce = dist.all_reduce

    def noted(tensor: Tensor, *, async_op: bool) -> dist.Work | None:
        sizes.append(tensor.numel())
        return all_reduce(tensor, async_op=async_op)

    monkeypatch.setattr(dist, "all_reduce", noted)
    monkeypatch.setattr(gradient_sum, "BUCKET_BYTES", 24)
    dist.init_process_group("gloo", store=dist.HashStore(), rank=0, world_size=1)
    yield sizes
    dist.destroy_process_group()


def network() -> nn.Sequential:
    """Three layers of 6, 4 and 2 weights."""
    return nn.Sequential(
        nn.Linear(3, 2, bias=False), nn.Linear(2, 2, bias=False), nn.Linear(2, 1, bias=False)
    )


def test_the_last_layers_leave_first_and_before_the_backward_pass_has_ended(sent: list[int]) -> None:
    model = network()
    step = GradientSum(list(model.parameters()), torch.float32).before(lambda: None)
    before_the_first_layer: list[int] = []
    hidden = model[0](torch.ones(1, 3))
    hidden.register_hook(lambda _: before_the_first_layer.extend(sent))
    model[2](model[1](hidden)).sum().backward()
    assert before_the_first_layer == [6]
    step()
    assert sent == [6, 6]


def test_what_is_trained_no_more_is_left_out(sent: list[int]) -> None:
    model = network()
    step = GradientSum(list(model.parameters()), torch.float32).before(lambda: None)
    model[1].weight.requires_grad_(False)
    model(torch.ones(1, 3)).sum().backward()
    step()
    assert sent == [2, 6]


def test_a_pass_that_was_given_up_leaves_nothing_behind(sent: list[int]) -> None:
    model = network()
    taken = []
    step = GradientSum(list(model.parameters()), torch.float32).before(lambda: taken.append(len(sent)))
    hidden = model[0](torch.ones(1, 3))
    hidden.register_hook(lambda _: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        model[2](model[1](hidden)).sum().backward()
    model.zero_grad()
    for number in (1, 2):
        model(torch.ones(1, 3)).sum().backward()
        step()
        assert taken[-1] == len(sent) == 1 + 2 * number
        expected = number * (model[2].weight @ model[1].weight).T.expand(2, 3)
        torch.testing.assert_close(model[0].weight.grad, expected)


@given(st.lists(st.integers(1, 3_000_000), max_size=20))
def test_each_bucket_but_the_last_is_full(sizes: list[int]) -> None:
    parameters = [torch.empty(size, device="meta") for size in sizes]
    found = buckets(parameters)
    assert [id(p) for bucket in found for p in bucket] == [id(p) for p in parameters]
    for bucket in found[:-1]:
        without_last = sum(p.nbytes for p in bucket[:-1])
        assert without_last < gradient_sum.BUCKET_BYTES <= without_last + bucket[-1].nbytes
