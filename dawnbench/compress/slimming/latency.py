"""Measures how much faster a narrow network answers than the dense one, in turns on the same device."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median

import torch
from torch import Tensor, nn

from dawnbench.engine.device import Device, open_device

ROUNDS = 15
WARM_UP = 3
SHORTEST_NS = 20_000_000
"""A timed stretch repeats the batch until it is at least this long."""


@dataclass(frozen=True)
class Latency:
    """Seconds per batch, each the median over rounds in which both networks take turns."""

    dense: float
    narrow: float
    ratios: tuple[float, ...] = ()
    """The narrow network's seconds over the dense one's, by round."""

    @property
    def speedup(self) -> float:
        """How many times faster the narrow network is."""
        return self.dense / self.narrow


@torch.inference_mode()
def compare_latency(dense: nn.Module, narrow: nn.Module, batch: Tensor) -> Latency:
    """Return the latencies of two networks on the batch's device, in evaluation mode."""
    device = open_device(batch.device.type)
    networks = [(network, network.training) for network in (dense, narrow)]
    for network, _ in networks:
        network.eval()
        for _ in range(WARM_UP):
            network(batch)
    repeats = [-(-SHORTEST_NS // max(1, _time(network, batch, 1, device))) for network, _ in networks]
    times: list[list[float]] = [[], []]
    for _ in range(ROUNDS):
        for index, (network, _) in enumerate(networks):
            elapsed = _time(network, batch, repeats[index], device)
            times[index].append(elapsed / repeats[index] / 1e9)
    for network, training in networks:
        network.train(training)
    ratios = tuple(after / before for before, after in zip(*times, strict=True))
    return Latency(median(times[0]), median(times[1]), ratios)


def _time(network: nn.Module, batch: Tensor, repeats: int, device: Device) -> int:
    """Return the nanoseconds of `repeats` forward passes."""
    device.synchronize()
    start = device.mark()
    for _ in range(repeats):
        network(batch)
    end = device.mark()
    device.synchronize()
    return device.elapsed_ns(start, end)
