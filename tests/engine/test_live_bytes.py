from __future__ import annotations

import torch
from torch import nn

from dawnbench.engine.live_bytes import LiveBytes

CPU = torch.device("cpu")


def test_a_tensor_counts_from_its_making_until_it_is_freed() -> None:
    with LiveBytes(CPU) as live:
        first = torch.zeros(100)
        second = torch.zeros(50)
        del first
        third = torch.zeros(1)
    assert live.timeline == [0, 400, 600, 204]
    del second, third


def test_a_view_costs_nothing_and_holds_what_it_looks_at() -> None:
    with LiveBytes(CPU) as live:
        whole = torch.zeros(10, 10)
        part = whole[2:4].t()
        del whole
        torch.zeros(1)
    assert live.timeline[-2:] == [400, 404]
    del part


def test_what_is_held_from_the_beginning_counts_once() -> None:
    held = torch.zeros(25)
    with LiveBytes(CPU, [held, held[3:]]) as live:
        held.add_(1)
    assert live.timeline == [100, 100]


def test_what_lies_on_another_device_does_not_count() -> None:
    with LiveBytes(CPU) as live:
        torch.zeros(100, device="meta")
    assert max(live.timeline) == 0


def test_what_a_forward_pass_keeps_counts_until_the_backward_pass_lets_go() -> None:
    net = nn.Sequential(nn.Linear(8, 8, bias=False), nn.Sigmoid(), nn.Linear(8, 8, bias=False))
    images = torch.ones(1000, 8)
    with LiveBytes(CPU, [*net.parameters(), images]) as live:
        loss = net(images).sum()
        forward = live.timeline[-1]
        loss.backward()
        after = live.timeline[-1]
    weights, activations = 2 * 8 * 8 * 4, 1000 * 8 * 4
    # The images and the sigmoid's output are kept for the backward pass; the last output is being summed.
    assert forward == weights + 3 * activations + 4
    # Left are the weights, their gradients, the images, the loss and its own gradient.
    assert after == 2 * weights + activations + 8
