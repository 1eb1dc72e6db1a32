"""One training step, captured if the device can replay it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from dawnbench.engine.device import Device
from dawnbench.engine.epoch_input import EpochInput
from dawnbench.engine.programs import Programs
from dawnbench.engine.rates import Rates, trained_groups
from dawnbench.optim.contracts import GroupedOptimizer, Loss


class TrainingStep:
    """Input, forward pass, loss, backward pass, optimizer step, and the epoch's running sums.

    A step works on batch number `position`, which it increments itself, so that a replay needs nothing from
    the host. A step is captured for each batch size, image size and set of trained parameters; any other step
    runs operation by operation.
    """

    def __init__(
        self,
        source: EpochInput,
        forward: Callable[[Tensor], Tensor],
        loss: Loss,
        optimizer: GroupedOptimizer,
        take_step: Callable[[], Any],
        rates: Rates,
        programs: Programs,
        device: Device,
    ) -> None:
        """Take the parts; `take_step` is the penalty and the optimizer's step, possibly compiled."""
        self._source, self._forward, self._loss = source, forward, loss
        self._judge = programs(self._forward_and_loss)
        self._optimizer, self._take_step, self._rates, self._device = optimizer, take_step, rates, device
        self._batch_size = max(source.counts)
        self._captured: dict[Any, Callable[[], None]] = {}
        self.position = torch.zeros((), dtype=torch.int64, device=device.torch)
        """Steps since `begin_epoch`."""
        self.loss = torch.zeros((), device=device.torch)
        """In nats, since `begin_epoch` or `separate_last_batch`: the batch means, each times the size of a
        full batch."""
        self.loss_before_last = torch.zeros_like(self.loss)
        """The same, for the batches before the last one."""
        self.correct = torch.zeros((), dtype=torch.int64, device=device.torch)
        """Correct predictions since `begin_epoch`, in training mode."""

    def begin_epoch(self) -> None:
        """Set the counter and both sums to 0."""
        self.position.zero_()
        self.loss.zero_()
        self.correct.zero_()

    def separate_last_batch(self) -> None:
        """Start a new sum of the loss for the last batch."""
        # Summed separately rather than subtracted at the end, where a long sum has lost its last digits.
        self.loss_before_last.copy_(self.loss)
        self.loss.zero_()

    def capture(self, count: int, size: int) -> None:
        """Capture such a step for replay; trains on the next batches a few times.

        Raises:
            CaptureError: the step cannot be captured.
        """
        key = self._key(count, size)
        if key not in self._captured:
            self._captured[key] = self._device.capture(lambda: self._run(count, size))

    def release(self) -> None:
        """Drop all captures: from now on every step runs operation by operation."""
        self._captured.clear()

    def __call__(self, count: int, size: int) -> None:
        """Train on the next batch: `count` images of `size` x `size` pixels."""
        captured = self._captured.get(self._key(count, size))
        if captured is None:
            self._run(count, size)
        else:
            captured()

    def _key(self, count: int, size: int) -> Any:
        return count, size, trained_groups(self._optimizer)

    def _run(self, count: int, size: int) -> None:
        self._rates.load(self.position)
        images, labels = self._source.batch(self.position, count, size)
        self._optimizer.zero_grad()
        loss, correct = self._judge(images, labels)
        if count < self._batch_size:
            # Optimizers divide by the full batch size, but the mean loss of a smaller batch counts as much.
            loss = loss * (self._batch_size / count)
        loss.backward()
        self._take_step()
        self.loss += loss.detach()
        self.correct += correct
        self.position += 1

    def _forward_and_loss(self, images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """Return the loss of a batch and its number of correct predictions."""
        logits = self._forward(images).float()
        return self._loss(logits, labels), (logits.detach().argmax(1) == labels).sum()
