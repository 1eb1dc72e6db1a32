"""The training loop: every trial of every recipe, on every device."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.optim import Optimizer

from dawnbench.train.device import Device
from dawnbench.train.evaluate import evaluate
from dawnbench.train.ledger import Ledger
from dawnbench.train.plan import Average, Batches, Normalize, Plan, Split

WARM_UP_STEPS = 5
"""As many as lie between two updates of an average, so that the first one is warm as well."""


class DivergedError(Exception):
    """The training loss is no longer a number."""


@dataclass(frozen=True)
class EpochResult:
    """What one epoch came to."""

    epoch: int
    learning_rate: float
    train_loss: float
    """Summed over the images, in nats."""
    train_correct: int
    train_images: int
    validation_loss: float
    """Summed over the images, in nats."""
    validation_correct: int
    validation_images: int


@dataclass
class _State:
    """What lives for one trial only."""

    validation: Split
    normalize: Normalize
    batches: Batches
    optimizer: Optimizer
    average: Average | None


def reset_parameters(model: nn.Module, seed: int) -> None:
    """Give every module fresh weights, drawn from `seed`."""
    torch.manual_seed(seed)
    for module in model.modules():
        reset = getattr(module, "reset_parameters", None)
        if reset is not None:
            reset()


class Trainer:
    """Runs trials of one plan on one device."""

    def __init__(self, plan: Plan, device: Device, train: Split, validation: Split) -> None:
        """Take the two splits in host memory."""
        self._plan, self._device = plan, device
        self._train, self._validation = train, validation

    def warm_up(self) -> None:
        """Compile, tune and allocate by a few steps on random pixels, so that no epoch pays for it."""
        plan = self._plan
        generator = torch.Generator().manual_seed(0)

        def random_split(split: Split, count: int) -> Split:
            shape = (count, *split.images.shape[1:])
            pixels = torch.randint(0, 256, shape, dtype=torch.uint8, generator=generator)
            return plan.place(Split(pixels, split.labels[:1].expand(count)))

        reset_parameters(plan.model, 0)
        train = random_split(self._train, plan.batch_size * WARM_UP_STEPS)
        validation = random_split(
            self._validation, min(plan.evaluation.batch_size, len(self._validation.labels))
        )
        state = self._initialise(train, validation, 0)
        self._train_epoch(state, 1, lambda _step: None)
        self._evaluate(state)
        self._device.synchronize()

    def trial(
        self,
        seed: int,
        ledger: Ledger,
        on_epoch: Callable[[EpochResult], None],
        on_step: Callable[[int], None],
    ) -> None:
        """Train once from `seed`; call `on_step` with the steps done and `on_epoch` with each epoch's result.

        Raises:
            DivergedError: the loss became infinite or NaN; the epoch's result was handed on before.
        """
        plan = self._plan
        with ledger.segment("to_device"):
            train, validation = plan.place(self._train), plan.place(self._validation)
        with ledger.segment("reset"):
            reset_parameters(plan.model, seed)
        with ledger.segment("init"):
            state = self._initialise(train, validation, seed)
        for epoch in range(1, plan.epochs + 1):
            with ledger.segment("train", epoch):
                loss, correct, seen = self._train_epoch(state, epoch, on_step)
            with ledger.segment("final_evaluate" if epoch == plan.epochs else "evaluate", epoch):
                validation_loss, validation_correct = self._evaluate(state)
            with ledger.segment("record", epoch):
                losses = torch.stack([loss, validation_loss]).tolist()
                corrects = torch.stack([correct, validation_correct]).tolist()
                on_epoch(
                    EpochResult(
                        epoch=epoch,
                        learning_rate=plan.schedule(epoch - 1),
                        train_loss=losses[0],
                        train_correct=corrects[0],
                        train_images=seen,
                        validation_loss=losses[1],
                        validation_correct=corrects[1],
                        validation_images=len(validation.labels),
                    )
                )
            if not math.isfinite(losses[0]):
                raise DivergedError(f"the training loss was {losses[0]} after epoch {epoch}")

    def _initialise(self, train: Split, validation: Split, seed: int) -> _State:
        plan = self._plan
        plan.model.train()
        normalize = plan.make_normalization(train)
        plan.fit(train, normalize)
        return _State(
            validation=validation,
            normalize=normalize,
            batches=plan.make_batches(train, normalize, self._device.generator(seed)),
            optimizer=plan.make_optimizer(),
            average=None if plan.make_average is None else plan.make_average(),
        )

    def _train_epoch(
        self, state: _State, epoch: int, on_step: Callable[[int], None]
    ) -> tuple[Tensor, Tensor, int]:
        """Return the summed loss, the right answers (scalars on the device) and the images seen."""
        plan, optimizer = self._plan, state.optimizer
        plan.model.train()
        total = torch.zeros((), device=self._device.torch)
        correct = torch.zeros((), dtype=torch.int64, device=self._device.torch)
        seen = 0
        step = (epoch - 1) * plan.steps_per_epoch
        for images, labels in state.batches.epoch():
            rate = plan.schedule(step / plan.steps_per_epoch)
            for group in optimizer.param_groups:
                group["lr"] = rate * group["rate_scale"]
            with self._device.autocast(plan.precision):
                logits = plan.forward(images)
            loss = F.cross_entropy(
                logits.float(), labels, reduction="sum", label_smoothing=plan.label_smoothing
            )
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
            step += 1
            if state.average is not None:
                state.average.update(step)
            total += loss.detach()
            correct += (logits.detach().argmax(1) == labels).sum()
            seen += len(labels)
            on_step(step)
        return total, correct, seen

    def _evaluate(self, state: _State) -> tuple[Tensor, Tensor]:
        model = self._plan.model if state.average is None else state.average.model
        return evaluate(
            model,
            state.validation,
            state.normalize,
            self._plan.evaluation,
            self._device,
            self._plan.precision,
        )
