"""Evaluates the model that a run saved."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dawnbench.data.dataset import Dataset
from dawnbench.data.sources import load_dataset
from dawnbench.engine.device import open_device
from dawnbench.engine.model_file import FILE_NAME, load_model
from dawnbench.engine.prepare import prepare
from dawnbench.engine.warm_up import with_compile_fallback
from dawnbench.errors import DawnbenchError
from dawnbench.recipes import find_recipe
from dawnbench.recipes.part import spec_of
from dawnbench.recipes.recipe import Recipe
from dawnbench.records.reader import Run, read_run


@dataclass(frozen=True)
class RunEvaluation:
    """The results of a run's model on the validation images of a data set."""

    data: str
    """The data set's name or path."""
    fingerprint: str
    """The data set's fingerprint."""
    images: int
    """Number of images evaluated."""
    correct: int
    """Images classified correctly."""
    loss: float
    """The mean cross-entropy over the images, in nats."""
    trial: int | None
    """The number of the trial that trained the model; None if the file does not say."""
    recorded_accuracy: float | None
    """The accuracy that the run recorded for that trial, from 0 to 1; None if the data is not the run's
    own."""

    @property
    def accuracy(self) -> float:
        """The fraction of images classified correctly, from 0 to 1."""
        return self.correct / self.images


def evaluate_run(
    folder: Path, *, data: str | None = None, device: str = "auto", recipe: str | None = None
) -> RunEvaluation:
    """Load the model of a run folder and evaluate it with all views of the last epoch.

    `data` replaces the run's own data set. `recipe` is the recipe file that defines the custom parts, if the
    recipe has any.

    Raises:
        DawnbenchError: the folder holds no model of its run, a part of the recipe is not defined, or the data
        set or the device cannot be used.
    """
    run = read_run(folder)
    trained = _recipe_of(run, recipe)
    opened = open_device(device)
    opened.tune()
    name = data or trained.dataset.name
    dataset = load_dataset(name, image_size=trained.dataset.image_size)
    _check_data(dataset, run)
    # Nothing is trained, so a data set smaller than one batch is enough. Compile if the run compiled:
    # otherwise operations round differently.
    settings = {"precision": run.record.precision, "drop_last": False}
    prepared = prepare(Recipe.from_dict(trained.to_dict() | settings), dataset, opened)
    facts = load_model(folder / FILE_NAME, prepared, run.record.recipe_digest)
    prepared.validation.load()
    with_compile_fallback(prepared, prepared.evaluation)
    trial = next((t for t in run.trials if str(t.trial) == facts.get("trial")), None)
    same_data = dataset.fingerprint == run.record.data.fingerprint
    return RunEvaluation(
        data=name,
        fingerprint=dataset.fingerprint,
        images=len(prepared.validation),
        correct=int(prepared.evaluation.correct),
        loss=float(prepared.evaluation.loss) / len(prepared.validation),
        trial=None if trial is None else trial.trial,
        recorded_accuracy=trial.accuracy if trial is not None and same_data else None,
    )


def _recipe_of(run: Run, file: str | None) -> Recipe:
    if file is not None:
        find_recipe(file)  # defines the parts
    missing = sorted({kind for kind in _kinds(run.record.recipe) if spec_of(kind) is None})
    if missing:
        raise DawnbenchError(
            f"{run.folder} was trained with a part that dawnbench does not define, {missing[0]!r}; "
            + ("give the file that defines it" if file else "give the recipe's file")
            + " with --recipe FILE"
        )
    return Recipe.from_dict(run.record.recipe)


def _kinds(data: Any) -> Iterator[str]:
    """Yield the kind of each part in a recipe's JSON."""
    if isinstance(data, list):
        for item in data:
            yield from _kinds(item)
    elif isinstance(data, dict):
        if isinstance(data.get("kind"), str):
            yield data["kind"]
        for item in data.values():
            yield from _kinds(item)


def _check_data(dataset: Dataset, run: Run) -> None:
    """Check that the model accepts the images and knows all labels."""
    trained = run.record.data
    for what, has, needs in (
        ("channels", dataset.image_shape[2], trained.image_shape[2]),
        ("classes", len(dataset.classes), trained.classes),
    ):
        if has != needs:
            raise DawnbenchError(
                f"the images of {dataset.source} have {has} {what} but the model was trained on images with "
                f"{needs}; choose other data with --data"
            )
