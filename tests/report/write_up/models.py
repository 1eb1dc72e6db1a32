"""Runs of small models with the accuracies that a test wants."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from dawnbench.records.reader import Run, read_run
from dawnbench.records.schema import EpochRecord, TrialRecord
from tests.records.examples import TRIAL
from tests.records.folders import make_run
from tests.stats.courses import trial_of

RISING = (0.9, 0.96, 0.985, 0.992, 0.993, 0.995, 0.994)


def model_run(
    folder: Path,
    *trials: Sequence[float],
    name: str = "mnist-1",
    train: Sequence[float] | None = None,
    ended: Sequence[TrialRecord] | None = None,
    words: dict[str, str] | None = None,
    **changes: Any,
) -> Run:
    """Write and read a run whose trials have these validation accuracies by epoch; one if none are given.

    `ended` are its trials' records, finished ones unless given; `changes` are of its run.json.
    """
    epochs: list[EpochRecord] = []
    for number, accuracies in enumerate(trials or (RISING,), start=1):
        epochs += trial_of(accuracies, train, number, train_seconds=2.0 + number)
    recipe: dict[str, Any] = {"name": name, "summary": "a small net", "epochs": 7, "batch_size": 128}
    if words is not None:
        recipe["write_up"] = words
    records = [finished(number) for number in sorted({e.trial for e in epochs})] if ended is None else ended
    usual = {"recipe_name": name, "recipe": recipe, "target": 0.993}
    return read_run(make_run(folder, records, epochs, **{**usual, **changes}))


def finished(number: int, **changes: Any) -> TrialRecord:
    seconds: dict[str, float | None] = {"dawnbench": 10.0 + number, "strict": 20.0 - number}
    return replace(TRIAL, **{"trial": number, "seed": number - 1, "seconds": seconds, **changes})
