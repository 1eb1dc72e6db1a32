"""The weights from which a trial may start."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from dawnbench.errors import DawnbenchError
from dawnbench.recipes.part import ModelPart, WeightsPart

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["FileWeightsSpec", "TorchvisionWeightsSpec"]


@dataclass(frozen=True)
class FileWeightsSpec(WeightsPart, kind="file"):
    """The weights of a model that dawnbench saved; the file's content identifies them, not its path."""

    path: str
    """Of a .safetensors file."""
    sha256: str | None = None
    """Of the file; None until a run has found it."""

    def found(self, model: ModelPart) -> tuple[WeightsPart | None, str | None]:
        """Return the part with the file's sha256."""
        return (self if self.sha256 else replace(self, sha256=_sha256(Path(self.path)))), None

    def read(self, model: ModelPart) -> dict[str, Tensor]:
        """Return the file's tensors; nothing in it is executed."""
        from safetensors import SafetensorError
        from safetensors.torch import load

        path = Path(self.path)
        try:
            content = path.read_bytes()
            if hashlib.sha256(content).hexdigest() != self.sha256:
                raise DawnbenchError(f"{path} is not the file that the recipe names: its content has changed")
            return load(content)
        except (OSError, SafetensorError) as error:
            raise DawnbenchError(f"cannot read the weights {path}: {error}") from error


@dataclass(frozen=True)
class TorchvisionWeightsSpec(WeightsPart, kind="torchvision"):
    """The weights that torchvision trained on ImageNet, if its cache has them; nothing is downloaded.

    A classifier for another number of classes keeps the weights that the seed draws.
    """

    sha256: str | None = None
    """Of torchvision's file; None until a run has found it."""

    def found(self, model: ModelPart) -> tuple[WeightsPart | None, str | None]:
        """Return the part with the file's sha256; without a file, None and a sentence."""
        if self.sha256:
            return self, None
        if not model.torchvision_weights:
            return None, "torchvision has no weights for this model, so training starts from scratch"
        path = _torchvision_file(model)
        if path.is_file():
            return replace(self, sha256=_sha256(path)), None
        return None, (
            f"torchvision's weights {model.torchvision_weights} are not in its cache ({path}), so training "
            "starts from scratch"
        )

    def read(self, model: ModelPart) -> dict[str, Tensor]:
        """Return the tensors of torchvision's file, read as weights only."""
        import torch

        path = _torchvision_file(model)
        try:
            if _sha256(path) != self.sha256:
                raise DawnbenchError(f"{path} is not the file that the recipe names: its content has changed")
            tensors: dict[str, Tensor] = torch.load(path, map_location="cpu", weights_only=True)
        except (OSError, RuntimeError) as error:
            raise DawnbenchError(f"cannot read the weights {path}: {error}") from error
        return tensors


def _torchvision_file(model: ModelPart) -> Path:
    """Return where torchvision keeps its weights for a model after a download."""
    import torch
    from torchvision.models import get_weight

    address: str = get_weight(model.torchvision_weights).url
    return Path(torch.hub.get_dir()) / "checkpoints" / address.rpartition("/")[2]


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise DawnbenchError(f"cannot read the weights {path}: {error.strerror or error}") from error
