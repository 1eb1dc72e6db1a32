"""Answers by torch: on the processor directly, elsewhere through pinned memory and a captured graph."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from dawnbench.engine.answering import Answering
from dawnbench.engine.device import CaptureError
from dawnbench.engine.kept_model import KeptModel
from dawnbench.inference.runtime import Answer, Classes, Classifier, Pixels, Runtime, full_batches

CAST_LAYERS = (nn.Conv2d, nn.Linear)
"""Autocast converts their weights in every call, to the same values each time."""


class TorchRuntime(Runtime):
    """The model in torch, operation by operation or compiled, and captured if the device can replay it."""

    def __init__(self, kept: KeptModel) -> None:
        """Take the model as it was opened; a lower precision converts its weights for good."""
        self._prepared = prepared = kept.prepared
        _cast_once(prepared.evaluated, prepared.precision.dtype)
        self._classifier = Classifier(Answering(prepared))

    def open(self, images: Pixels, batch_size: int) -> Answer:
        """Return what answers the images; the first call compiles."""
        batches = full_batches(images, batch_size)
        classify = self._compiled if self._prepared.programs.compiles else self._classifier
        if self._prepared.device.shares_host_memory:
            pixels = [torch.from_numpy(batch) for batch in batches]
            return lambda number: classify(pixels[number]).numpy()
        return self._through_device(classify, batches)

    def answering(self) -> AbstractContextManager[Any]:
        """Return the context in which torch records nothing for gradients."""
        return torch.inference_mode()

    @cached_property
    def _compiled(self) -> Callable[[Tensor], Tensor]:
        # With constant weights, batch norms are folded and weights laid out as the device's kernels want.
        return torch.compile(self._classifier, dynamic=False, options={"freezing": True})

    def _through_device(self, classify: Callable[[Tensor], Tensor], batches: list[Pixels]) -> Answer:
        """Return what copies a batch to the device, classifies it, copies the classes back and waits."""
        device = self._prepared.device
        given = device.to_host_memory(np.zeros_like(batches[0]))
        classes: Classes = device.to_host_memory(np.zeros(len(given), np.int64))
        host_pixels, host_classes = torch.from_numpy(given), torch.from_numpy(classes)
        pixels = torch.empty_like(host_pixels, device=device.torch)

        def work() -> None:
            pixels.copy_(host_pixels, non_blocking=True)
            host_classes.copy_(classify(pixels), non_blocking=True)

        work()  # compiles
        replay = self._captured(work)

        def answer(number: int) -> Classes:
            given[...] = batches[number]
            replay()
            device.synchronize()
            return classes

        return answer

    def _captured(self, work: Callable[[], None]) -> Callable[[], None]:
        device = self._prepared.device
        if not (device.captures and self._prepared.recipe.capture):
            return work
        try:
            return device.capture(work)
        except CaptureError as error:
            sentence = f"the model could not be captured ({error}), so the host launches every kernel itself"
            self.notes = (sentence,)
            return work


def _cast_once(model: nn.Module, dtype: torch.dtype) -> None:
    for module in model.modules():
        if isinstance(module, CAST_LAYERS):
            module.to(dtype)
