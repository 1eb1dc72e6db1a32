"""Facts about a run that several formats report."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import PurePath
from typing import Any

from dawnbench.errors import DawnbenchError
from dawnbench.records.published import is_cifar10
from dawnbench.records.reader import Run


def check_cifar10(run: Run, who: str) -> None:
    """Refuse a run on other data than CIFAR-10, which is all that `who` takes.

    Raises:
        DawnbenchError: the run is on other data.
    """
    if not is_cifar10(run.record.data):
        did = "trained on" if run.record.inference is None else "answered images of"
        raise DawnbenchError(
            f"{run.folder} {did} {run.record.data.source}, and {who} CIFAR-10 only; "
            "--format csv or json takes any run"
        )


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
