"""Learning rates and image sizes over a training, as the publications have them."""

from __future__ import annotations

import numpy as np
import pytest

from dawnbench.optim.schedules import Stretched
from dawnbench.recipes import Recipe, find_recipe
from dawnbench.recipes.overrides import override

STEPS = 97


def changed(*settings: str, name: str = "davidnet") -> Recipe:
    return override(find_recipe(name), settings)


def stretched(recipe: Recipe) -> Stretched:
    return Stretched(recipe.schedule.build(), recipe.epochs)


def test_davidnets_rate_has_its_closed_form_at_every_step() -> None:
    schedule = stretched(changed())
    for step in range(24 * STEPS):
        t = step / STEPS
        expected = 0.4 * t / 5 if t <= 5 else 0.4 * (24 - t) / 19
        assert schedule(t) == pytest.approx(expected, abs=1e-12), step
    assert schedule(24.0) == 0


def test_davidnet_10s_rate_has_its_closed_form_at_every_step() -> None:
    schedule = stretched(changed(name="davidnet-10"))
    for step in range(10 * STEPS):
        t = step / STEPS
        expected = t / 2 if t <= 2 else 1.0 - 0.9 * (t - 2) / 6 if t <= 8 else 0.1
        assert schedule(t) == pytest.approx(expected, abs=1e-12), step


@pytest.mark.parametrize("epochs", [1, 12, 30])
def test_other_epochs_stretch_the_schedule(epochs: int) -> None:
    schedule, published = stretched(changed(f"epochs={epochs}")), stretched(changed())
    for part in np.linspace(0, 1, 50):
        assert schedule(epochs * part) == pytest.approx(published(24 * part), abs=1e-12)
    assert schedule(epochs * 5 / 24) == pytest.approx(0.4)


@pytest.mark.parametrize(
    ("epochs", "sizes"), [(9, [24] * 3 + [28] * 3 + [32] * 3), (4, [24, 24, 28, 32]), (1, [24])]
)
def test_each_resolution_has_its_share_of_the_epochs(epochs: int, sizes: list[int]) -> None:
    recipe = changed(f"epochs={epochs}", "resolutions=[24,28,32]")
    assert [recipe.resolution(epoch) for epoch in range(epochs)] == sizes
    assert changed().resolution(0) == 32
