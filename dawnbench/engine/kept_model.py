"""Opens the model that a run kept, to evaluate it, prune it, time its answers or export it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from dawnbench.data.dataset import Dataset
from dawnbench.data.sources import load_dataset
from dawnbench.engine.device import Device, open_device
from dawnbench.engine.model_file import FILE_NAME, load_model, read_model_file
from dawnbench.engine.prepare import Prepared, prepare
from dawnbench.errors import DawnbenchError
from dawnbench.recipes import find_recipe
from dawnbench.recipes.part import spec_of
from dawnbench.recipes.recipe import Recipe
from dawnbench.records.index import is_run_folder
from dawnbench.records.reader import Run, read_run
from dawnbench.records.schema import DataRecord


@dataclass(frozen=True)
class KeptModel:
    """A trained model with the data and the device that it was opened for."""

    path: Path
    """The model's file."""
    run: Run | None
    """The run whose folder the file is in; None if it was given as a file elsewhere."""
    recipe: Recipe
    """What was trained, as it was recorded."""
    dataset: Dataset
    prepared: Prepared
    """Holds the weights in `prepared.evaluated`, and the splits of the data set."""
    facts: dict[str, str]
    """The file's metadata."""

    @property
    def trained_fingerprint(self) -> str | None:
        """The fingerprint of the data that it was trained on; None if neither file nor run says it."""
        run = None if self.run is None else self.run.record.data.fingerprint
        return self.facts.get("data_fingerprint", run)

    @property
    def trained_accuracy(self) -> float | None:
        """The accuracy that its run recorded for it, from 0 to 1; None if neither file nor run says it."""
        if "accuracy" in self.facts:
            return accuracy_in(self.facts)
        trials = () if self.run is None else self.run.trials
        return next((t.accuracy for t in trials if str(t.trial) == self.facts.get("trial")), None)

    @property
    def recorded_accuracy(self) -> float | None:
        """The same, but None if it was on other data than the data opened here."""
        return self.trained_accuracy if self.dataset.fingerprint == self.trained_fingerprint else None


def open_kept_model(
    source: Path,
    *,
    data: str | None = None,
    device: str | Device = "auto",
    recipe: str | None = None,
    precision: str | None = None,
    compile: bool | Literal["auto"] | None = None,
    settings: dict[str, Any] | None = None,
) -> KeptModel:
    """Open the model of a run folder, or in a file that dawnbench wrote, with the weights loaded.

    `data` replaces the data set that it was trained on, `precision` and `compile` those of its run, and
    `settings` any other fields of its recipe, as in `Recipe.to_dict`. `recipe` is the recipe file that
    defines the custom parts, if the recipe has any. An open device is used as it is. Nothing in the model's
    file is executed.

    Raises:
        DawnbenchError: there is no model, a part of its recipe is not defined, or the data set or the device
        cannot be used.
    """
    path = source if source.is_file() else source / FILE_NAME
    run = _run_of(source)
    facts = read_model_file(path).metadata
    recorded, digest = _recorded(path, run, facts)
    trained = recorded_recipe(path.parent, recorded, recipe)
    if isinstance(device, str):
        device = open_device(device)
        device.tune()
    dataset = load_dataset(data or trained.dataset.name, image_size=trained.dataset.image_size)
    if run is not None:
        _check_data(dataset, run.record.data)
    # If nothing is trained, a data set smaller than one batch is enough. Compile if the run compiled:
    # otherwise operations round differently.
    changes = {"drop_last": False} if settings is None else settings
    # The trained weights replace those that it started from, whose file may be gone.
    changes |= {"weights": None, "precision": precision or _precision(run, facts, trained)}
    changes |= {} if compile is None else {"compile": compile}
    prepared = prepare(Recipe.from_dict(trained.to_dict() | changes), dataset, device)
    load_model(path, prepared, digest)
    return KeptModel(path, run, trained, dataset, prepared, facts)


def accuracy_in(facts: Mapping[str, str]) -> float | None:
    """Return the accuracy that an exported file's metadata records, from 0 to 1; None if there is none."""
    try:
        accuracy = float(facts["accuracy"])
    except (LookupError, ValueError):
        return None
    return accuracy if 0 <= accuracy <= 1 else None


def _run_of(source: Path) -> Run | None:
    """Return the run of a run folder, or the one whose folder holds the file; None if there is none.

    Raises:
        DawnbenchError: it is an inference run, which keeps no model.
    """
    if source.is_file():
        return read_run(source.parent) if is_run_folder(source.parent) else None
    run = read_run(source)
    if run.record.inference is not None:
        trained = run.record.inference.trained_run or run.record.inference.model
        raise DawnbenchError(f"{source} is an inference run, which keeps no model; its model is in {trained}")
    return run


def _precision(run: Run | None, facts: Mapping[str, str], trained: Recipe) -> str:
    return facts.get("precision") or (trained.precision if run is None else run.record.precision)


def _recorded(path: Path, run: Run | None, facts: Mapping[str, str]) -> tuple[Mapping[str, Any], str]:
    """Return the recorded recipe and its digest: the run's if the run trained it, else the file's."""
    if run is not None and path.name == FILE_NAME:
        return run.record.recipe, run.record.recipe_digest
    try:
        return json.loads(facts["settings"]), facts["recipe_digest"]
    except (LookupError, ValueError) as error:
        raise DawnbenchError(
            f"{path} does not say what was trained; give the run folder that it belongs to"
        ) from error


def recorded_recipe(folder: Path, recorded: Mapping[str, Any], file: str | None) -> Recipe:
    """Return the recipe that a run in `folder` recorded; `file` defines its custom parts, if it has any.

    Raises:
        DawnbenchError: a part is not defined.
    """
    if file is not None:
        find_recipe(file)  # defines the parts
    missing = sorted({kind for kind in _kinds(recorded) if spec_of(kind) is None})
    if missing:
        raise DawnbenchError(
            f"{folder} was trained with a part that dawnbench does not define, {missing[0]!r}; "
            + ("give the file that defines it" if file else "give the recipe's file")
            + " with --recipe FILE"
        )
    return Recipe.from_dict(dict(recorded))


def _kinds(data: Any) -> Iterator[str]:
    """Yield the kind of each part in a recipe's JSON."""
    if isinstance(data, list):
        for item in data:
            yield from _kinds(item)
    elif isinstance(data, Mapping):
        if isinstance(data.get("kind"), str):
            yield data["kind"]
        for item in data.values():
            yield from _kinds(item)


def _check_data(dataset: Dataset, trained: DataRecord) -> None:
    """Check that the model accepts the images and knows all labels."""
    for what, has, needs in (
        ("channels", dataset.image_shape[2], trained.image_shape[2]),
        ("classes", len(dataset.classes), trained.classes),
    ):
        if has != needs:
            raise DawnbenchError(
                f"the images of {dataset.source} have {has} {what} but the model was trained on images with "
                f"{needs}; choose other data with --data"
            )
