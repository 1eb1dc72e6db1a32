"""A whole run whose names are as bad as names can be; what trackers put into the environment is undone."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from dawnbench.records.reader import Run, read_run
from tests.cli.made_runs import HOSTILE
from tests.records.full_runs import full_run

FOLDER = "20260203T040506Z-davidnet-0a1b2c"
RECIPE = {
    "name": HOSTILE,
    "epochs": 3,
    "batch_size": 512,
    "compile": False,
    "average": None,
    "optimizer": {"kind": "nesterov_sgd", "momentum": 0.9},
    "augmentation": [{"kind": "crop", "padding": 4}, {"kind": "flip"}],
    HOSTILE: HOSTILE,
}
PARAMETERS = {
    "epochs": 3,
    "batch_size": 512,
    "compile": False,
    "average": "null",
    "optimizer.kind": "nesterov_sgd",
    "optimizer.momentum": 0.9,
    "augmentation": '["crop", "flip"]',
    "augmentation.crop.padding": 4,
}
"""Of the run: what every tracker must have kept, beside the hostile ones."""


@pytest.fixture(scope="module", autouse=True)
def _own_variables() -> Iterator[None]:
    """What trackers set for their libraries is gone after the file."""
    before = dict(os.environ)
    yield
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Two trials of three epochs: the first throttled, the second missed the target and diverged."""
    folder = tmp_path_factory.mktemp("runs") / FOLDER
    whole = read_run(
        full_run(
            folder,
            trials=2,
            epochs=3,
            recipe_name=HOSTILE,
            recipe=RECIPE,
            device_name=HOSTILE,
            tags={"branch": "main", "mlflow.parentRunId": "x", HOSTILE: HOSTILE},
        )
    )
    second = replace(whole.trials[1], status="diverged", reason=HOSTILE, epochs_to_target=None, accuracy=None)
    return replace(whole, trials=(whole.trials[0], second))


def figures_by_epoch(run: Run, trial: int) -> dict[str, list[tuple[int, float]]]:
    """Return what a tracker must show of a trial's epochs: by name, each epoch's figure."""
    epochs = run.epochs_of(trial)
    return {
        "train/loss": [(e.epoch, e.train_loss or 0) for e in epochs],
        "train/accuracy": [(e.epoch, e.train_correct / e.train_images) for e in epochs],
        "train/seconds": [(e.epoch, e.train_seconds) for e in epochs],
        "validation/loss": [(e.epoch, e.validation_loss or 0) for e in epochs],
        "validation/accuracy": [(e.epoch, e.validation_accuracy) for e in epochs],
        "validation/seconds": [(e.epoch, e.evaluate_seconds) for e in epochs],
        "learning_rate": [(e.epoch, e.learning_rate) for e in epochs],
        "energy_joules": [(e.epoch, e.energy_joules or 0) for e in epochs],
    }


def store_of(folder: Path) -> Path:
    """Return a store whose path needs quoting."""
    return folder / "it's a store"
