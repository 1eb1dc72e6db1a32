from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from dawnbench.models.conv_stack import conv_stack
from dawnbench.models.davidnet import DavidNet
from dawnbench.models.speednet import SpeedNet
from dawnbench.models.whitening import FittedModel


class Centered(FittedModel):
    """Subtracts the mean of the images that it was fitted to."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(()))

    @property
    def fit_images(self) -> int:
        return 5

    def fit(self, images: Tensor) -> None:
        self.mean.copy_(images.mean())

    def forward(self, images: Tensor) -> Tensor:
        return images - self.mean


def test_a_model_wants_no_images_unless_it_says_so_and_then_has_to_say_what_it_does_with_them() -> None:
    plain = FittedModel()
    assert plain.fit_images == 0
    with pytest.raises(NotImplementedError):
        plain.fit(torch.zeros(1, 1, 2, 2))


def test_what_was_fitted_is_used_and_is_part_of_the_models_state() -> None:
    model, images = Centered(), torch.arange(5.0)[:, None, None, None]
    model.fit(images)
    assert model(images).flatten().tolist() == [-2, -1, 0, 1, 2]
    assert model.state_dict()["mean"] == 2


@pytest.mark.parametrize(
    ("model", "wanted"),
    [
        (lambda: DavidNet(3, 10, (2, 3, 4, 5)), 0),
        (lambda: DavidNet(3, 10, (2, 3, 4, 5), whitening=True), 10_000),
        (lambda: SpeedNet(3, 10, (4, 6, 8), whitening_images=7), 7),
    ],
    ids=["davidnet", "whitened davidnet", "speednet"],
)
def test_networks_with_whitening_are_fitted_to_as_many_images_as_they_say(model: object, wanted: int) -> None:
    made = model()  # type: ignore[operator]
    assert isinstance(made, FittedModel)
    assert made.fit_images == wanted


@pytest.mark.parametrize(
    "make", [lambda: DavidNet(3, 10, (2, 3, 4, 5), whitening=True), lambda: SpeedNet(3, 10, (4, 6, 8))]
)
def test_fitting_changes_the_whitening_in_place_and_nothing_else(make: object) -> None:
    model: nn.Module = make()  # type: ignore[operator]
    before = {name: (value.data_ptr(), value.clone()) for name, value in model.state_dict().items()}
    draws = np.random.default_rng(0)
    model.fit(torch.from_numpy(draws.normal(size=(20, 3, 16, 16))).float())
    changed = {name for name, value in model.state_dict().items() if not torch.equal(value, before[name][1])}
    assert changed == {"whiten.weight"}
    assert all(value.data_ptr() == before[name][0] for name, value in model.state_dict().items())


def test_a_stack_of_layers_is_not_fitted_to_anything() -> None:
    assert not isinstance(conv_stack(1, 10, ("conv classes 1x1", "average pool"), bias=False), FittedModel)
