"""How a model's answers are computed: from pixels in host memory to classes in host memory."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np
import numpy.typing as npt
from torch import Tensor, nn

from dawnbench.engine.answering import Answering

Pixels = npt.NDArray[np.uint8]
"""Images (N, H, W, C) in host memory."""
Classes = npt.NDArray[np.int64]
"""(N,) in host memory."""
Answer = Callable[[int], Classes]
"""From the number of a batch, counted from 0, to its classes, which the next call may overwrite."""


class Runtime(ABC):
    """Computes the answers of one model."""

    notes: tuple[str, ...] = ()
    """What was requested and could not be done, one sentence each."""

    @abstractmethod
    def open(self, images: Pixels, batch_size: int) -> Answer:
        """Return what answers the images in batches of this size, without the last ones that fill no batch.

        Raises:
            DawnbenchError: the model cannot be run this way.
        """

    def answering(self) -> AbstractContextManager[Any]:
        """Return the context in which to ask for answers."""
        return nullcontext()


class Classifier(nn.Module):
    """Maps uint8 pixels (N, H, W, C) to classes (N,) in int64."""

    def __init__(self, answering: Answering) -> None:
        super().__init__()
        self.answering = answering

    def forward(self, pixels: Tensor) -> Tensor:
        """Return the class with the highest logit for each image."""
        return self.answering(pixels.permute(0, 3, 1, 2)).argmax(1)  # type: ignore[no-any-return]


def full_batches(images: Pixels, batch_size: int) -> list[Pixels]:
    """Return views of `batch_size` images each, without the last images that fill no batch."""
    whole = len(images) // batch_size * batch_size
    return [images[first : first + batch_size] for first in range(0, whole, batch_size)]
