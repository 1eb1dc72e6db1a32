"""Facts about a run that several formats report."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import PurePath
from typing import Any

from dawnbench.errors import DawnbenchError
from dawnbench.records.reader import Run
from dawnbench.records.schema import DataRecord


def is_cifar10(data: DataRecord) -> bool:
    """Return whether data has the sizes of the official CIFAR-10 split, which no other known data set has."""
    sizes = (data.train_images, data.validation_images, tuple(data.image_shape), data.classes)
    return sizes == (50_000, 10_000, (32, 32, 3), 10)


def created_at(run: Run) -> datetime:
    """Return when a run began, in UTC.

    Raises:
        DawnbenchError: run.json gives no time.
    """
    try:
        created = datetime.fromisoformat(run.record.created)
        return created.replace(tzinfo=UTC) if created.tzinfo is None else created.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise DawnbenchError(
            f"{run.folder / 'run.json'} is damaged: created is {run.record.created[:40]!r}, "
            "which is not a time"
        ) from error


def public_recipe(run: Run) -> dict[str, Any]:
    """Return the recipe as others may see it: a data file is named without its folders."""
    recipe = dict(run.record.recipe)
    dataset = recipe.get("dataset")
    if isinstance(dataset, dict) and isinstance(dataset.get("name"), str):
        recipe["dataset"] = {**dataset, "name": PurePath(dataset["name"]).name}
    return recipe
