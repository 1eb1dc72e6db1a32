"""Scaling studies: one recipe at several batch sizes, widths and threads.

Each point is a run in a process of its own, so that none inherits another's memory, threads or compiled code.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from pathlib import Path

from dawnbench.errors import DawnbenchError
from dawnbench.recipes.overrides import adapt, leaf_paths, leaf_value
from dawnbench.recipes.recipe import Recipe
from dawnbench.records.reader import read_run
from dawnbench.stats.scaling_laws import AXES, Axis, ScalePoint, Setting, point_of

WIDTHS = "model.widths"
THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS")


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


def measure(at: Setting, arguments: Sequence[str]) -> ScalePoint:
    """Run `dawnbench run` with these arguments on so many threads; return what came of it.

    A run that fails is a point as well: its trouble says why.

    Raises:
        KeyboardInterrupt: passed on once the run has ended.
    """
    environment = os.environ | dict.fromkeys(THREAD_VARIABLES, str(at.threads))
    command = [sys.executable, "-m", "dawnbench", "run", *arguments, "--json"]
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            output, errors = process.communicate()
        except KeyboardInterrupt:
            # Ctrl-C in a terminal reaches both, a signal only this process; a run takes the second calmly.
            process.terminate()
            process.communicate()  # it has its records to write
            raise
    folder = _folder(output)
    if folder is None:
        return ScalePoint(at, None, _last_line(errors) or f"the run ended with status {process.returncode}")
    try:
        point = point_of(at, read_run(folder))
    except DawnbenchError as error:
        return ScalePoint(at, str(folder), str(error))
    return point


def _folder(output: str) -> Path | None:
    """Return the run folder that the first event names."""
    first, _, _ = output.partition("\n")
    return Path(json.loads(first)["folder"]) if first else None


def _last_line(text: str) -> str:
    lines = text.split("\n")
    said = [line.strip() for line in lines if line.strip()]
    return said[-1].removeprefix("dawnbench: ") if said else ""
