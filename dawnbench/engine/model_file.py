"""A trained model in a file: its weights in safetensors, with the metadata needed to use them."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from dawnbench.engine.hooks import EpochResult, Hook, Progress
from dawnbench.engine.prepare import Prepared
from dawnbench.errors import DawnbenchError
from dawnbench.records.files import replacing
from dawnbench.safe_text import encodable

FILE_NAME = "model.safetensors"


class SaveModel(Hook):
    """Writes the model of a completed trial, replacing that of an earlier trial."""

    segment = "checkpoint"

    def __init__(self, path: Path, prepared: Prepared, trial: int, seed: int) -> None:
        """Write the model of trial number `trial`, started from `seed`, to `path`."""
        self._path, self._prepared, self._trial, self._seed = path, prepared, trial, seed

    def is_due(self, trial: Progress) -> bool:
        """Return whether the trial is complete."""
        return trial.is_last_epoch

    def after_epoch(self, trial: Progress, result: EpochResult) -> None:
        """Write the model, unless the trial diverged in its last epoch."""
        if math.isfinite(result.train_loss):
            save_model(self._path, self._prepared, {"trial": self._trial, "seed": self._seed})


def save_model(path: Path, prepared: Prepared, facts: dict[str, Any]) -> None:
    """Write the weights and buffers of the model that is evaluated.

    The file's metadata holds the recipe with its digest, the precision, `facts`, and the normalization: its
    mean and standard deviation by channel, which may have been measured on the training images.

    Raises:
        DawnbenchError: the file cannot be written.
    """
    normalization = prepared.normalization
    metadata = {
        "recipe": prepared.recipe.name,
        "recipe_digest": prepared.recipe.digest(),
        "settings": json.dumps(prepared.recipe.to_dict()),
        "precision": prepared.precision.name,
        "mean": json.dumps(normalization.mean.tolist()),
        "std": json.dumps(normalization.std.tolist()),
        **{name: str(fact) for name, fact in facts.items()},
    }
    tensors = {name: value.contiguous() for name, value in prepared.evaluated.state_dict().items()}
    write_model_file(path, ModelFile(tensors, metadata), "free disk space, or omit --save-model")


def write_model_file(path: Path, file: ModelFile, advice: str) -> None:
    """Write tensors and metadata to a safetensors file; `advice` says what to do if that fails.

    Raises:
        DawnbenchError: the file cannot be written.
    """
    from safetensors.torch import save

    # Not safetensors' save_file, whose files only their owner can read.
    content = save(file.tensors, file.metadata)
    try:
        with replacing(path) as opened:
            opened.write(content)
    except OSError as error:
        raise DawnbenchError(f"cannot write {path}: {error}; {advice}") from error


def load_model(path: Path, prepared: Prepared, digest: str | None = None) -> dict[str, str]:
    """Load the evaluated model's weights and the normalization from a file that `save_model` wrote.

    `digest` is the digest of the recipe that was trained, by default that of the prepared recipe. Return the
    file's metadata, as `save_model` describes it. Nothing in the file is executed.

    Raises:
        DawnbenchError: the file cannot be read, belongs to another recipe, or does not fit the model.
    """
    file = read_model_file(path)
    metadata = file.metadata
    if metadata.get("recipe_digest") != (digest or prepared.recipe.digest()):
        raise DawnbenchError(
            f"{path} holds a model of {metadata.get('recipe', 'an unknown recipe')} with settings other than "
            f"those of this run's {prepared.recipe.name}; give the run that it belongs to"
        )
    try:
        prepared.evaluated.load_state_dict(file.tensors)
        mean, std = (torch.tensor(json.loads(metadata[name])) for name in ("mean", "std"))
        prepared.normalization.set(mean, std)
    except (RuntimeError, LookupError, TypeError, ValueError) as error:
        raise DawnbenchError(f"{path} does not fit the model: {' '.join(str(error).split())}") from error
    return metadata


@dataclass(frozen=True)
class ModelFile:
    """The content of a model's file."""

    tensors: dict[str, Tensor]
    """The weights and buffers by name, on the host."""
    metadata: dict[str, str]


def read_model_file(path: Path) -> ModelFile:
    """Return the tensors and the metadata of a safetensors file. Nothing in the file is executed.

    Raises:
        DawnbenchError: the file does not exist or is not a safetensors file.
    """
    from safetensors import SafetensorError, safe_open

    if not path.is_file():
        raise DawnbenchError(f"{path} does not exist; run with --save-model to keep the model")
    try:
        # By file descriptor, since safetensors cannot open a path that is not UTF-8.
        with path.open("rb") as opened, safe_open(_address(path, opened.fileno()), "pt") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            return ModelFile(tensors, dict(file.metadata() or {}))
    except (OSError, SafetensorError) as error:
        raise DawnbenchError(f"{path} is not a safetensors file: {error}") from error


def _address(path: Path, number: int) -> str:
    name = str(path)
    return name if name == encodable(name) else f"/dev/fd/{number}"
