from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from dawnbench.optim.adam import Adam, adam

BATCH = 8


def test_on_the_summed_loss_it_steps_as_torchs_does_on_the_mean() -> None:
    torch.manual_seed(0)
    ours = nn.Linear(5, 3)
    theirs = deepcopy(ours)
    summed = adam(ours, batch_size=BATCH, fused=False, beta1=0.8, beta2=0.99, weight_decay=0.1, epsilon=1e-3)
    mean = torch.optim.Adam(theirs.parameters(), lr=0.05, betas=(0.8, 0.99), weight_decay=0.1, eps=1e-3)
    summed.param_groups[0]["lr"] = 0.05 * summed.param_groups[0]["rate_scale"]
    for _ in range(6):
        x, y = torch.randn(BATCH, 5), torch.randint(3, (BATCH,))
        for model, optimizer, reduction in ((ours, summed, "sum"), (theirs, mean, "mean")):
            optimizer.zero_grad()
            F.cross_entropy(model(x), y, reduction=reduction).backward()
            optimizer.step()
    for found, expected in zip(ours.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(found, expected)


def test_frozen_weights_are_left_out() -> None:
    model = nn.Linear(5, 3)
    model.bias.requires_grad_(False)
    made = adam(model, batch_size=1, fused=False, beta1=0.9, beta2=0.99, weight_decay=0.0, epsilon=1e-8)
    (group,) = made.param_groups
    assert [p.shape for p in group["params"]] == [model.weight.shape]


MOMENTA = (0.5, 0.95, 0.7, 0.8, 0.9)


def cycled(set_momentum: Callable[[Adam, float], None], fused: bool = False) -> tuple[nn.Module, nn.Module]:
    """Return a model stepped by our Adam and one by torch's, whose first beta is another before each step."""
    torch.manual_seed(0)
    ours = nn.Linear(5, 3)
    theirs = deepcopy(ours)
    moved = adam(ours, batch_size=1, fused=fused, beta1=0.9, beta2=0.99, weight_decay=0.1, epsilon=1e-3)
    moved.param_groups[0]["lr"] = 0.05
    torchs = torch.optim.Adam(theirs.parameters(), lr=0.05, betas=(0.9, 0.99), weight_decay=0.1, eps=1e-3)
    for momentum in MOMENTA:
        set_momentum(moved, momentum)
        torchs.param_groups[0]["betas"] = (momentum, 0.99)
        x = torch.randn(4, 5)
        for model, optimizer in ((ours, moved), (theirs, torchs)):
            optimizer.zero_grad()
            model(x).square().sum().backward()
            optimizer.step()
    return ours, theirs


def assert_alike(ours: nn.Module, theirs: nn.Module) -> None:
    for found, expected in zip(ours.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(found, expected)


@pytest.mark.parametrize("fused", [False, True])
def test_a_momentum_that_is_set_as_a_number_is_that_of_the_next_step(fused: bool) -> None:
    assert_alike(*cycled(Adam.set_momentum, fused))


@pytest.mark.parametrize("fused", [False, True])
def test_a_momentum_in_a_tensor_is_read_anew_at_each_step(fused: bool) -> None:
    place = torch.zeros(())

    def fill(optimizer: Adam, momentum: float) -> None:
        if not isinstance(optimizer.param_groups[0]["betas"][0], Tensor):
            optimizer.set_momentum(place)
        place.fill_(momentum)

    assert_alike(*cycled(fill, fused))


def test_a_momentum_in_a_tensor_leaves_the_code_paths_that_would_wait_for_its_value() -> None:
    made = adam(
        nn.Linear(2, 2), batch_size=4, fused=True, beta1=0.9, beta2=0.98, weight_decay=0.0, epsilon=1e-8
    )
    made.set_momentum(0.8)
    assert made.param_groups[0]["fused"]
    made.set_momentum(torch.tensor(0.8))
    assert (made.param_groups[0]["fused"], made.param_groups[0]["foreach"]) == (False, False)


def test_the_momentum_matters_to_what_these_tests_compare() -> None:
    still, _ = cycled(lambda optimizer, momentum: None)
    _, moved = cycled(Adam.set_momentum)
    assert not torch.allclose(still.weight, moved.weight)


def test_the_second_beta_and_the_rate_are_left_alone() -> None:
    made = adam(
        nn.Linear(2, 2), batch_size=4, fused=False, beta1=0.9, beta2=0.98, weight_decay=0.0, epsilon=1e-8
    )
    made.set_momentum(0.6)
    (group,) = made.param_groups
    assert group["betas"] == (0.6, 0.98)
    assert group["lr"] == 0.0
