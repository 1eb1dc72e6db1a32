from __future__ import annotations

import torch
from torch import Tensor, nn

from dawnbench.compress.slimming.latency import ROUNDS, compare_latency


class Counted(nn.Module):
    """Multiplies matrices, and writes its name into a list at each call."""

    def __init__(self, name: str, products: int, calls: list[str]) -> None:
        super().__init__()
        self.name, self.products, self.calls = name, products, calls

    def forward(self, x: Tensor) -> Tensor:
        self.calls.append(self.name)
        assert not self.training
        for _ in range(self.products):
            x = x @ x
        return x


def test_two_networks_take_turns_and_the_one_that_does_more_is_slower() -> None:
    calls: list[str] = []
    dense, narrow = Counted("dense", 40, calls), Counted("narrow", 2, calls)
    latency = compare_latency(dense, narrow, torch.eye(128))
    assert latency.speedup > 2
    assert latency.dense > latency.narrow > 0
    turns = [name for name, before in zip(calls, ["", *calls], strict=False) if name != before]
    assert len(turns) >= 2 * ROUNDS
    assert dense.training
    assert narrow.training
