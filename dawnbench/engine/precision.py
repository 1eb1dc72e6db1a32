"""The number format in which a model computes."""

from __future__ import annotations

import warnings
from typing import Any

import torch
from torch import Tensor, nn

from dawnbench.engine.device import Device
from dawnbench.engine.device.base import DTYPES
from dawnbench.errors import DawnbenchError


class Precision:
    """Converts a built model to the one that is trained; this one computes in float32.

    Another format is a subclass in `PRECISIONS`; the training loop need not know it. Weights, gradients and
    the optimizer's state stay float32 unless `convert` changes them.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.dtype = DTYPES[name]
        """The type of the model's input images and of the optimizer's matrix products."""

    def convert(self, model: nn.Module, device: Device) -> nn.Module:
        """Return a module that maps images in `dtype` to float32 logits, with the parameters of `model`.

        Raises:
            DawnbenchError: the device does not support this format.
        """
        return model


class Autocast(Precision):
    """Matrix products and convolutions in the lower precision, by torch.autocast."""

    def convert(self, model: nn.Module, device: Device) -> nn.Module:
        """Return the model under autocast."""
        try:
            with warnings.catch_warnings():
                # For some devices autocast only warns, and continues in float32.
                warnings.simplefilter("error", UserWarning)
                torch.autocast(device.torch.type, self.dtype)
        except (RuntimeError, UserWarning) as error:
            raise DawnbenchError(
                f"precision {self.name} is not supported on {device.torch}; use precision=fp32"
            ) from error
        return AutocastModel(model, device.torch.type, self.dtype)


class AutocastModel(nn.Module):
    """A model under autocast, whose logits are float32."""

    def __init__(self, model: nn.Module, device_type: str, dtype: torch.dtype) -> None:
        super().__init__()
        self.model = model
        self._settings: dict[str, Any] = {"device_type": device_type, "dtype": dtype}

    def forward(self, images: Tensor) -> Tensor:
        """Map (B, C, H, W) to (B, classes)."""
        with torch.autocast(**self._settings):
            logits = self.model(images)
        return logits.float()  # type: ignore[no-any-return]


PRECISIONS: dict[str, type[Precision]] = {"fp32": Precision, "bf16": Autocast, "fp16": Autocast}


def open_precision(name: str, device: Device) -> Precision:
    """Return the named precision; `auto` takes the fastest that the device multiplies in hardware."""
    resolved = device.preferred_precision() if name == "auto" else name
    return PRECISIONS[resolved](resolved)
