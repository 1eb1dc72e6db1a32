"""Evaluates the model that a run saved."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from dawnbench.engine.kept_model import open_kept_model
from dawnbench.engine.warm_up import with_compile_fallback


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
    kept = open_kept_model(folder, data=data, device=device, recipe=recipe)
    prepared = kept.prepared
    prepared.validation.load()
    with_compile_fallback(prepared, prepared.evaluation)
    return RunEvaluation(
        data=kept.dataset.source,
        fingerprint=kept.dataset.fingerprint,
        images=len(prepared.validation),
        correct=int(prepared.evaluation.correct),
        loss=float(prepared.evaluation.loss) / len(prepared.validation),
        trial=int(number) if (number := kept.facts.get("trial", "")).isdecimal() else None,
        recorded_accuracy=kept.recorded_accuracy,
    )
