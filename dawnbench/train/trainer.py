"""The training loop: every trial of every recipe, on every device."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice

import torch
from torch import Tensor, nn

from dawnbench.train.device import Device
from dawnbench.train.evaluate import evaluate
from dawnbench.train.ledger import Ledger
from dawnbench.train.plan import Average, Batches, Normalize, Plan, Schedule, Split
from dawnbench.train.rates import begin_anew, set_rates
from dawnbench.train.step import TrainingStep

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
    """The mean of the batches' means, in nats."""
    last_batch_loss: float
    """The mean over the images of the last batch, in nats."""
    train_correct: int
    train_images: int
    validation_loss: float
    """The mean over the images, in nats."""
    validation_correct: int
    validation_images: int


@dataclass
class _State:
    """What lives for one trial only."""

    validation: Split
    normalize: Normalize
    batches: Batches
    average: Average | None
    schedule: Schedule


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
        self._optimizer = plan.make_optimizer()
        for group in self._optimizer.param_groups:
            group["lr"] = device.scalar(0.0)
            if "betas" in group:
                group["betas"] = tuple(map(device.scalar, group["betas"]))
        self._step = TrainingStep(plan, device, self._optimizer)

    def warm_up(self) -> None:
        """Compile, tune, capture, allocate: a few steps on random pixels, so that no epoch pays for it."""
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
        steps = WARM_UP_STEPS
        for first in self._first_steps_of_each_kind():
            self._set_rates(state, first)
            batches = state.batches.epoch(plan.resolution(first // plan.steps_per_epoch))
            for done, (images, labels) in enumerate(islice(batches, steps), 1):
                self._step(images, labels)
                if state.average is not None:
                    state.average.update(done, WARM_UP_STEPS)
            if plan.capture:
                self._step.capture(images, labels)
            steps = 1  # only what is new about the further kinds is still cold
        self._evaluate(state, plan.epochs)
        self._device.synchronize()

    def _first_steps_of_each_kind(self) -> list[int]:
        """Return the first step, counted from 0, of each size of image and each set of trained parameters."""
        plan = self._plan
        ends = [group.get("until_epoch") for group in self._optimizer.param_groups]
        found: dict[tuple[object, ...], int] = {}
        for step in range(plan.steps):
            epoch = step / plan.steps_per_epoch
            trained = tuple(end is None or epoch < end for end in ends)
            found.setdefault((plan.resolution(step // plan.steps_per_epoch), trained), step)
        return list(found.values())

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
                loss, last_loss, correct, seen = self._train_epoch(state, epoch, on_step)
            with ledger.segment("final_evaluate" if epoch == plan.epochs else "evaluate", epoch):
                validation_loss, validation_correct = self._evaluate(state, epoch)
            with ledger.segment("record", epoch):
                losses = torch.stack([loss, last_loss, validation_loss]).tolist()
                corrects = torch.stack([correct, validation_correct]).tolist()
                result = EpochResult(
                    epoch=epoch,
                    learning_rate=state.schedule(epoch - 1),
                    train_loss=losses[0] / (plan.steps_per_epoch * plan.batch_size),
                    last_batch_loss=losses[1] / plan.batch_size,
                    train_correct=corrects[0],
                    train_images=seen,
                    validation_loss=losses[2] / len(validation.labels),
                    validation_correct=corrects[1],
                    validation_images=len(validation.labels),
                )
                on_epoch(result)
                state.schedule.observe_validation_loss(result.validation_loss)
            if not math.isfinite(losses[0]):
                raise DivergedError(f"the training loss was {losses[0]} after epoch {epoch}")

    def _initialise(self, train: Split, validation: Split, seed: int) -> _State:
        plan = self._plan
        plan.model.train()
        begin_anew(self._optimizer)
        normalize = plan.make_normalization(train)
        plan.fit(train, normalize)
        return _State(
            validation=validation,
            normalize=normalize,
            batches=plan.make_batches(train, normalize, self._device.generator(seed)),
            average=None if plan.make_average is None else plan.make_average(),
            schedule=plan.make_schedule(),
        )

    def _train_epoch(
        self, state: _State, epoch: int, on_step: Callable[[int], None]
    ) -> tuple[Tensor, Tensor, Tensor, int]:
        """Return the epoch's and its last batch's loss and the right answers, and the images seen.

        The first three are scalars on the device; the losses count as many images a batch as a full one has.
        """
        plan = self._plan
        plan.model.train()
        self._step.begin_epoch()
        seen = 0
        step = (epoch - 1) * plan.steps_per_epoch
        for images, labels in state.batches.epoch(plan.resolution(epoch - 1)):
            if step == epoch * plan.steps_per_epoch - 1:
                # Set apart, not subtracted: of a long sum the last digits are gone.
                before_last = self._step.loss.clone()
                self._step.loss.zero_()
            self._set_rates(state, step)
            self._step(images, labels)
            step += 1
            if state.average is not None:
                state.average.update(step, plan.steps)
            seen += len(labels)
            on_step(step)
        last = self._step.loss
        return before_last + last, last, self._step.correct, seen

    def _set_rates(self, state: _State, step: int) -> None:
        """Set the rates of a step counted from 0."""
        epoch = step / self._plan.steps_per_epoch
        set_rates(self._optimizer, state.schedule(epoch), epoch, state.schedule.momentum(epoch))

    def _evaluate(self, state: _State, epoch: int) -> tuple[Tensor, Tensor]:
        model = self._plan.model if state.average is None else state.average.model
        return evaluate(
            model,
            state.validation,
            state.normalize,
            self._plan.evaluation,
            self._device,
            self._plan.precision,
            last=epoch == self._plan.epochs,
        )
