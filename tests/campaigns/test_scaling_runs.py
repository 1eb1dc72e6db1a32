from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dawnbench.campaigns.scaling_runs import along_axes, recipe_settings
from dawnbench.errors import DawnbenchError
from dawnbench.recipes import find_recipe
from dawnbench.recipes.overrides import adapt, leaf_value
from dawnbench.stats.scaling_laws import Setting

OWN = Setting(batch=512, width=1.0, threads=2)
DAVIDNET = find_recipe("davidnet")


def test_one_axis_at_a_time_goes_through_the_recipes_own_point() -> None:
    found = along_axes({"batch": (256, 512), "width": (0.5, 1.0), "threads": (1,)}, OWN, grid=False)
    assert found == (
        Setting(256, 1.0, 2),
        OWN,
        Setting(512, 0.5, 2),
        Setting(512, 1.0, 1),
    )


def test_a_grid_has_every_combination() -> None:
    found = along_axes({"batch": (256, 512), "width": (0.5, 1.0)}, OWN, grid=True)
    assert found == (
        Setting(256, 0.5, 2),
        Setting(256, 1.0, 2),
        Setting(512, 0.5, 2),
        OWN,
    )


@given(
    st.lists(st.integers(1, 9), min_size=1, max_size=4),
    st.lists(st.integers(1, 9), min_size=1, max_size=4),
    st.booleans(),
)
def test_no_point_comes_twice(batches: list[int], threads: list[int], grid: bool) -> None:
    found = along_axes({"batch": batches, "threads": threads}, OWN, grid)
    assert len(set(found)) == len(found)
    both = len(set(batches)) * len(set(threads))
    assert len(found) == both if grid else len(found) <= len(set(batches)) + len(set(threads))


def test_the_recipes_own_point_changes_nothing() -> None:
    assert recipe_settings(DAVIDNET, OWN) == ()


def test_a_point_is_a_batch_size_and_multiplied_widths() -> None:
    settings = recipe_settings(DAVIDNET, Setting(256, 0.25, 2))
    changed = adapt(DAVIDNET, settings)
    assert changed.batch_size == 256
    assert leaf_value(changed, "model.widths") == (16, 32, 64, 128)


def test_a_width_of_nothing_is_refused() -> None:
    with pytest.raises(DawnbenchError, match=r"--width 0.001 makes \[0, 0, 0, 1\]"):
        recipe_settings(DAVIDNET, Setting(512, 0.001, 2))


def test_a_model_without_widths_is_refused() -> None:
    without = replace(DAVIDNET, model=_other_model())
    with pytest.raises(DawnbenchError, match="no widths to multiply by 2; leave --width out"):
        recipe_settings(without, Setting(512, 2.0, 2))
    assert recipe_settings(without, Setting(256, 1.0, 2)) == ("batch_size=256",)


def _other_model() -> object:
    from dataclasses import dataclass

    from dawnbench.recipes import ModelPart

    @dataclass(frozen=True)
    class WidthlessSpec(ModelPart, kind="widthless"):
        depth: int = 3

    return WidthlessSpec()
