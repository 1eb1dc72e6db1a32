"""Evaluates the model that a run saved, or one in a file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from dawnbench.data.sources import load_dataset
from dawnbench.engine.kept_model import accuracy_in, open_kept_model
from dawnbench.engine.warm_up import with_compile_fallback
from dawnbench.errors import DawnbenchError
from dawnbench.inference.onnx_session import as_pixels, open_onnx

IMAGES_AT_ONCE = 100


@dataclass(frozen=True)
class RunEvaluation:
    """The results of a model on the validation images of a data set."""

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
    runtime: Literal["torch", "onnxruntime"] = "torch"
    """What computed the logits. onnxruntime gets the image itself only, without mirrored or shifted views."""

    @property
    def accuracy(self) -> float:
        """The fraction of images classified correctly, from 0 to 1."""
        return self.correct / self.images


def evaluate_run(
    source: Path, *, data: str | None = None, device: str = "auto", recipe: str | None = None
) -> RunEvaluation:
    """Load a model, and evaluate it with all views of the last epoch.

    `source` is a run folder, or a safetensors file that dawnbench wrote. `data` replaces the run's own data
    set. `recipe` is the recipe file that defines the custom parts, if the recipe has any.

    Raises:
        DawnbenchError: there is no model, a part of the recipe is not defined, or the data set or the device
        cannot be used.
    """
    kept = open_kept_model(source, data=data, device=device, recipe=recipe)
    prepared = kept.prepared
    prepared.validation.load()
    with_compile_fallback(prepared, prepared.evaluation)
    return RunEvaluation(
        data=kept.dataset.source,
        fingerprint=kept.dataset.fingerprint,
        images=len(prepared.validation),
        correct=int(prepared.evaluation.correct),
        loss=float(prepared.evaluation.loss) / len(prepared.validation),
        trial=_trial(kept.facts),
        recorded_accuracy=kept.recorded_accuracy,
    )


def evaluate_onnx(path: Path, *, data: str | None = None) -> RunEvaluation:
    """Evaluate an ONNX file that `dawnbench export` wrote, on the CPU and on one view of each image.

    `data` replaces the data set that the model was trained on.

    Raises:
        DawnbenchError: the file cannot be used, or its images are unlike those of the data set.
    """
    model = open_onnx(path)
    channels, height, width = model.image_shape
    dataset = load_dataset(data or model.facts.get("data", ""), image_size=height)
    if dataset.image_shape != (height, width, channels) or len(dataset.classes) != model.classes:
        has = "x".join(map(str, dataset.image_shape))
        raise DawnbenchError(
            f"the images of {dataset.source} are {has} in {len(dataset.classes)} classes, but {path} takes "
            f"{height}x{width}x{channels} in {model.classes}; choose other data with --data"
        )
    labels, correct, loss = dataset.test_labels, 0, 0.0
    for start in range(0, len(labels), IMAGES_AT_ONCE):
        part = slice(start, start + IMAGES_AT_ONCE)
        logits = model(as_pixels(dataset.test_images[part])).astype(np.float64)
        correct += int((logits.argmax(1) == labels[part]).sum())
        # The log of the sum of exponentials, without overflow.
        highest = logits.max(1)
        total = highest + np.log(np.exp(logits - highest[:, None]).sum(1))
        loss += float((total - logits[np.arange(len(logits)), labels[part]]).sum())
    own = dataset.fingerprint == model.facts.get("data_fingerprint")
    return RunEvaluation(
        data=dataset.source,
        fingerprint=dataset.fingerprint,
        images=len(labels),
        correct=correct,
        loss=loss / len(labels),
        trial=_trial(model.facts),
        recorded_accuracy=accuracy_in(model.facts) if own else None,
        runtime="onnxruntime",
    )


def _trial(facts: dict[str, str]) -> int | None:
    return int(number) if (number := facts.get("trial", "")).isdecimal() else None
