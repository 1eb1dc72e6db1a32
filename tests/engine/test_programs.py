from __future__ import annotations

from functools import partial

import pytest
import torch
from torch import nn
from torch._dynamo.utils import counters

from dawnbench.engine.programs import Programs


def test_a_parameter_that_is_frozen_later_gets_a_program_without_its_gradient(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # What is compiled for is decided before the backend, and this one needs no C++ compiler.
    monkeypatch.setattr(torch, "compile", partial(torch.compile, backend="aot_eager"))
    torch._dynamo.reset()
    model = nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 2))
    program = Programs(compiles=True)(model)
    before = counters["stats"]["unique_graphs"]
    program(torch.randn(5, 3)).sum().backward()
    assert counters["stats"]["unique_graphs"] == before + 1
    assert model[0].bias.grad is not None
    model[0].bias.requires_grad_(False)
    program(torch.randn(5, 3)).sum().backward()
    assert counters["stats"]["unique_graphs"] == before + 2
