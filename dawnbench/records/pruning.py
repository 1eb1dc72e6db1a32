"""A magnitude sweep: the document `pruned.json` that `dawnbench prune` keeps beside the pruned models."""

from __future__ import annotations

import itertools
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from dawnbench.errors import DawnbenchError
from dawnbench.records.bounds import finite
from dawnbench.records.files import write

KIND: Literal["dawnbench prune"] = "dawnbench prune"
Protocol = Literal["eval", "train-mode"]
Scope = Literal["global", "layer"]
FOLDER = "pruned"
DENSE = "Original Model"


@dataclass(frozen=True, slots=True)
class PrunedModel:
    """The dense model, or one sparsity of a sweep."""

    name: str
    """`Original Model`, or `pruned_savemodel_90` for 90 %, as in the write-up of 2020."""
    sparsity: float
    """Fraction of the convolutions' and linear layers' weights that is zero; 0 for the dense model."""
    parameters: int
    """Trained parameters that are not pruned; biases and batch norms are never pruned."""
    effective_flops: int
    """Of a forward pass of one image, without the pruned weights."""
    accuracy: float
    """Right after pruning, from 0 to 1."""
    recalibrated_accuracy: float | None
    """After the batch norms' statistics were re-estimated on training images; None if they were not."""
    finetuned_accuracy: float | None
    """After fine-tuning under the mask; None if there was none, or it diverged."""
    seconds: float
    """Of all of this: pruning, evaluating, estimating and fine-tuning."""
    file: str | None
    """The model after the last of these steps, in the same folder; None for the dense model."""
    empty_layers: tuple[str, ...] = ()
    """The layers that have no weight left."""

    @property
    def final_accuracy(self) -> float:
        """The accuracy after the last step that was taken."""
        steps = (self.finetuned_accuracy, self.recalibrated_accuracy, self.accuracy)
        return next(accuracy for accuracy in steps if accuracy is not None)


@dataclass(frozen=True, slots=True)
class PruningSweep:
    """What `dawnbench prune --json` prints, and what it writes as pruned.json."""

    kind: Literal["dawnbench prune"]
    schema_version: int
    """Of this document; a reader takes its own version and older ones."""
    dawnbench_version: str
    recipe_name: str
    recipe_digest: str
    """Of the recipe that trained the dense model."""
    run: str
    """Name of the run folder that the dense model is from."""
    data: str
    """The data set's name or path."""
    fingerprint: str
    """Of the data set."""
    images: int
    """Validation images, on which the accuracies were measured."""
    device_name: str
    precision: str
    protocol: Protocol
    """train-mode: batch norm used the statistics of each batch of validation images."""
    scope: Scope
    """Whether the smallest weights were chosen from all layers together or in each layer."""
    finetune_epochs: int
    finetune_rate: float | None
    """The peak of the learning rate; None without fine-tuning."""
    recalibration_images: int
    """Training images on which the batch norms' statistics were estimated."""
    seed: int
    """Of the fine-tuning and of the choice of those images."""
    prunable_weights: int
    """In the convolutions and linear layers of the dense model."""
    dense_flops: int
    """Of a forward pass of one image by torch's counter, with a multiply-add counted as two."""
    models: tuple[PrunedModel, ...] = ()
    """The dense model first, then one per sparsity that was measured."""
    complete: bool = False
    """Whether all the sparsities that were asked for are there."""
    notes: tuple[str, ...] = ()
    """What was requested but could not be done, one sentence each."""


def new_folder(run: Path) -> Path:
    """Make and return the folder of a new sweep: RUN/pruned, or RUN/pruned-2 and so on if that exists.

    Raises:
        DawnbenchError: it cannot be made.
    """
    for number in itertools.count(1):
        folder = run / (FOLDER if number == 1 else f"{FOLDER}-{number}")
        try:
            folder.mkdir()
        except FileExistsError:
            continue
        except OSError as error:
            raise DawnbenchError(f"cannot make the folder {folder}: {error.strerror}") from error
        return folder
    raise AssertionError


def sweep_json(sweep: PruningSweep) -> str:
    """Return the document, which docs/schema/prune-v1.json describes."""
    return json.dumps(finite(asdict(sweep)), indent=1, allow_nan=False) + "\n"


def write_sweep(sweep: PruningSweep, folder: Path) -> None:
    """Write pruned.json, replacing that of fewer sparsities.

    Raises:
        DawnbenchError: it cannot be written.
    """
    write(sweep_json(sweep), folder / f"{FOLDER}.json")
