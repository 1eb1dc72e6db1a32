"""One training step, captured where the device can replay it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from dawnbench.train.device import Device
from dawnbench.train.plan import GroupedOptimizer, Plan
from dawnbench.train.rates import trained_parts

Step = Callable[[Tensor, Tensor], None]


class TrainingStep:
    """Forward pass, loss, backward pass, optimizer, and the epoch's sums, for one plan.

    A step is captured for each shape of batch and each set of parameters that is trained; any other one runs
    operation by operation.
    """

    def __init__(self, plan: Plan, device: Device, optimizer: GroupedOptimizer) -> None:
        self._plan, self._device, self._optimizer = plan, device, optimizer
        self._captured: dict[Any, Step] = {}
        self.loss = torch.zeros((), device=device.torch)
        """In nats: the batches' means since `begin_epoch`, each times the images of a full batch."""
        self.correct = torch.zeros((), dtype=torch.int64, device=device.torch)
        """Right answers since `begin_epoch`, in training mode."""

    def begin_epoch(self) -> None:
        """Set both sums to 0."""
        self.loss.zero_()
        self.correct.zero_()

    def capture(self, images: Tensor, labels: Tensor) -> None:
        """Make a step on batches like this one ready to be replayed; trains on this one a few times."""
        key = self._key(images)
        if key not in self._captured:
            self._captured[key] = self._device.capture(self._run, images, labels)

    def __call__(self, images: Tensor, labels: Tensor) -> None:
        """Train on images (B, C, H, W) and labels (B,) at the rates that stand in the optimizer's groups."""
        self._captured.get(self._key(images), self._run)(images, labels)

    def _key(self, images: Tensor) -> Any:
        return tuple(images.shape), trained_parts(self._optimizer)

    def _run(self, images: Tensor, labels: Tensor) -> None:
        plan, optimizer = self._plan, self._optimizer
        optimizer.zero_grad()
        with self._device.autocast(plan.precision):
            logits = plan.forward(images)
        loss = F.cross_entropy(logits.float(), labels, reduction="sum", label_smoothing=plan.label_smoothing)
        if len(labels) < plan.batch_size:
            # Optimizers divide by a full batch; the mean loss of a smaller one counts as much.
            loss = loss * (plan.batch_size / len(labels))
        loss.backward()
        with self._device.autocast(plan.precision):
            optimizer.step()
        self.loss += loss.detach()
        self.correct += (logits.detach().argmax(1) == labels).sum()
