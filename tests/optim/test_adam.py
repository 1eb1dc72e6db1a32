from __future__ import annotations

from copy import deepcopy

import torch
import torch.nn.functional as F
from torch import nn

from dawnbench.optim.adam import adam

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
