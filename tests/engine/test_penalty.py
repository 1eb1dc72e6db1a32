"""What a recipe's penalty does to a step of training."""

from __future__ import annotations

import pytest
import torch

from dawnbench.engine.device import Device, open_device
from dawnbench.engine.ledger import Ledger
from dawnbench.engine.prepare import Prepared
from dawnbench.engine.trial import Trial
from dawnbench.errors import DawnbenchError
from tests.engine.fakes import CapturingDevice
from tests.engine.small import small

STRENGTH, RATE = 2.0**-6, 0.125
SETTINGS = (
    *("epochs=1", "optimizer.momentum=0", "optimizer.nesterov=false", "optimizer.weight_decay=0"),
    f'schedule={{"kind":"steps","rate":{RATE},"every":1}}',
)


def after_a_step(*settings: str, device: Device | None = None) -> Prepared:
    prepared = small("davidnet", *SETTINGS, *settings, device=device)
    trial = Trial(prepared, 0, Ledger(prepared.device))
    trial.begin_epoch()
    trial.train_step()
    return prepared


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@pytest.mark.parametrize("device", [lambda: open_device("cpu"), CapturingDevice])
def test_a_scale_moves_by_rate_times_strength_further_down_and_nothing_else_changes(
    precision: str, device: type[Device]
) -> None:
    penalty = f'penalty={{"kind":"l1_norm_scales","strength":{STRENGTH}}}'
    plain = after_a_step(f"precision={precision}", device=device()).model.state_dict()
    sparse = after_a_step(f"precision={precision}", penalty, device=device()).model.state_dict()
    scales = [name for name in plain if name.endswith("norm.weight")]
    assert scales
    for name, value in plain.items():
        # Every scale starts at 1, whose sign is 1.
        expected = value - RATE * STRENGTH if name in scales else value
        assert torch.allclose(sparse[name].double(), expected.double(), rtol=0, atol=1e-6), name


def test_a_recipe_whose_model_has_no_such_scales_is_refused_before_training() -> None:
    with pytest.raises(DawnbenchError, match="set penalty=null"):
        small("davidnet", "model.norm_scale=false", 'penalty={"kind":"l1_norm_scales"}')
