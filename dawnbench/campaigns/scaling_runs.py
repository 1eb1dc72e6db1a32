"""Scaling studies: one recipe at several batch sizes, widths and threads.

Each point is a run in a process of its own, so that none inherits another's memory, threads or compiled code.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Protocol

import torch

from dawnbench.errors import DawnbenchError
from dawnbench.recipes import find_recipe
from dawnbench.recipes.overrides import adapt, leaf_paths, leaf_value
from dawnbench.recipes.recipe import Recipe
from dawnbench.records.reader import read_run
from dawnbench.stats.scaling_laws import AXES, Axis, ScalePoint, ScalingStudy, Setting, point_of, study_axis

WIDTHS = "model.widths"
THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS")


@dataclass(frozen=True, slots=True)
class StudySettings:
    """What a scaling study measures, and what all of its runs have in common."""

    recipe: str
    """A recipe's name or the path of its file."""
    values: Mapping[Axis, Sequence[float]]
    """The values of each axis; an axis without any stays at the recipe's own."""
    out: Path
    """Where the run folders go."""
    grid: bool = False
    """Measure every combination of the values instead of one axis at a time."""
    changes: tuple[str, ...] = ()
    """`key=value` for the recipe's other keys."""
    data: str | None = None
    """A data set's name, an .npz file or an image folder; None for the recipe's own."""
    epochs: int = 1
    """Of each trial."""
    trials: int = 1
    """At each point."""
    seed: int = 0
    """Of the first trial at each point."""
    device: str = "auto"
    tags: tuple[str, ...] = ()
    """`key=value` recorded with every run."""


class StudyObserver(Protocol):
    """Receives a study's events as they happen."""

    def point_started(self, number: int, points: int, at: Setting) -> None:
        """Report the start of point `number`, counted from 1, of `points`."""

    def point_ended(self, point: ScalePoint) -> None:
        """Report what a point came to, which may be trouble only."""


def run_study(settings: StudySettings, observer: StudyObserver) -> ScalingStudy:
    """Measure one point after another; after an interrupt the study has the points measured before it.

    Raises:
        DawnbenchError: the recipe does not accept a setting, a batch size or a width; nothing has run.
    """
    recipe = adapt(find_recipe(settings.recipe), settings.changes, data=settings.data, epochs=settings.epochs)
    own = Setting(recipe.batch_size, 1.0, torch.get_num_threads())
    places = along_axes(settings.values, own, settings.grid)
    arguments = [_arguments(settings, recipe_settings(recipe, at)) for at in places]
    points: list[ScalePoint] = []
    interrupted = False
    try:
        for number, (at, given) in enumerate(zip(places, arguments, strict=True), start=1):
            observer.point_started(number, len(places), at)
            points.append(measure(at, given))
            observer.point_ended(points[-1])
    except KeyboardInterrupt:
        interrupted = True
    name, samples_peak = _device(points)
    return ScalingStudy(
        recipe.name,
        name,
        tuple(points),
        tuple(study_axis(axis, points) for axis in settings.values),
        interrupted,
        samples_peak,
    )


def _arguments(settings: StudySettings, change: Sequence[str]) -> list[str]:
    """Return the arguments of `dawnbench run` for a point."""
    counts = {"--trials": settings.trials, "--seed": settings.seed, "--epochs": settings.epochs}
    numbers = [part for name, count in counts.items() for part in (name, str(count))]
    data = [] if settings.data is None else ["--data", settings.data]
    changes = [part for key_value in (*settings.changes, *change) for part in ("--set", key_value)]
    changes += [part for key_value in settings.tags for part in ("--tag", key_value)]
    places = ["--device", settings.device, "--out", str(settings.out)]
    return [settings.recipe, *numbers, *data, *places, *changes]


def _device(points: Sequence[ScalePoint]) -> tuple[str, bool]:
    """Return the device's name, and whether its peak memory is sampled."""
    folders = [point.folder for point in points if point.folder is not None]
    if not folders:
        return "no device", False
    record = read_run(Path(folders[0])).record
    return record.device_name, record.device == "cpu"


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
