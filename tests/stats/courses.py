"""Trials with given accuracies by epoch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dawnbench.records.schema import EpochRecord
from tests.records.examples import epoch

IMAGES = 1000
"""For training and for validation each."""


def trial_of(
    validation: Sequence[float], train: Sequence[float] | None = None, trial: int = 1, **changes: Any
) -> tuple[EpochRecord, ...]:
    """Return the epochs of a trial with these accuracies; by default training's equal validation's."""
    pairs = zip(validation, train or validation, strict=True)
    return tuple(
        epoch(
            trial=trial,
            epoch=number,
            train_correct=round(IMAGES * learnt),
            train_images=IMAGES,
            validation_correct=round(IMAGES * right),
            validation_images=IMAGES,
            **changes,
        )
        for number, (right, learnt) in enumerate(pairs, start=1)
    )
