from __future__ import annotations

import pytest
import torch

from dawnbench.engine.warm_up import warm_up
from tests.engine.fakes import results_of
from tests.engine.small import SMALL, small

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.mark.parametrize("name", SMALL)
def test_the_same_seed_gives_the_same_numbers_and_another_seed_does_not(name: str) -> None:
    prepared = small(name)
    first, other, again = (results_of(prepared, seed) for seed in (3, 4, 3))
    assert [result.epoch for result in first] == list(range(1, prepared.recipe.epochs + 1))
    assert again == first
    assert all(a.train_loss != b.train_loss for a, b in zip(first, other, strict=True))


@pytest.mark.parametrize("name", SMALL)
def test_warm_up_and_the_state_of_the_process_change_nothing(name: str) -> None:
    torch.manual_seed(0)
    plain = results_of(small(name), 3)
    torch.manual_seed(123)
    warm = small(name)
    warm_up(warm)
    assert results_of(warm, 3) == plain


def test_a_slimmed_network_trains_the_same_with_the_same_seed() -> None:
    model = '{"kind": "slimmed", "model": {"kind": "resnet56", "widths": [4, 4, 4], "blocks": 1}, "widths": '
    model += '[["layer1.0.conv1", 4, 3], ["layer1.0.bn1", 3, 3], ["layer1.0.conv2", 3, 4]]}'
    prepared = small("davidnet", f"model={model}", "epochs=1")
    first, other, again = (results_of(prepared, seed) for seed in (3, 4, 3))
    assert again == first
    assert first[0].train_loss != other[0].train_loss
