"""Where a study measures, and what that means for a recipe."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import product

from dawnbench.errors import DawnbenchError
from dawnbench.recipes.overrides import adapt, leaf_paths, leaf_value
from dawnbench.recipes.recipe import Recipe
from dawnbench.stats.scaling import AXES, Axis, Setting

WIDTHS = "model.widths"


def along_axes(values: Mapping[Axis, Sequence[float]], own: Setting, grid: bool) -> tuple[Setting, ...]:
    """Return the points of a study: the whole grid, or one axis at a time through the recipe's own point.

    `values` are those of each axis; an axis without any stays at the recipe's own. No point comes twice.
    """
    parts = [values] if grid else [{axis: values[axis]} for axis in AXES if axis in values]
    return tuple(dict.fromkeys(point for part in parts for point in _grid(part, own)))


def _grid(values: Mapping[Axis, Sequence[float]], own: Setting) -> Iterator[Setting]:
    for batch, width, threads in product(*(values.get(axis) or (getattr(own, axis),) for axis in AXES)):
        yield Setting(int(batch), width, int(threads))


def recipe_settings(recipe: Recipe, at: Setting) -> tuple[str, ...]:
    """Return the `key=value` that bring a recipe to a point of its study.

    Raises:
        DawnbenchError: the recipe takes no such batch or width, or its model has no widths.
    """
    settings = []
    if at.batch != recipe.batch_size:
        settings.append(f"batch_size={at.batch}")
    if at.width != 1:
        settings.append(f"{WIDTHS}={json.dumps(_widths(recipe, at.width))}")
    adapt(recipe, settings)
    return tuple(settings)


def _widths(recipe: Recipe, factor: float) -> list[int]:
    if WIDTHS not in leaf_paths(recipe):
        raise DawnbenchError(
            f"the model of {recipe.name} has no widths to multiply by {factor:g}; leave --width out"
        )
    own = leaf_value(recipe, WIDTHS)
    widths = [round(width * factor) for width in own]
    if min(widths) < 1:
        raise DawnbenchError(f"--width {factor:g} makes {widths} of {WIDTHS}={list(own)}; take a larger one")
    return widths
