"""One training from a fresh seed, epoch by epoch."""

from __future__ import annotations

import math
from contextlib import AbstractContextManager
from typing import Any

import torch
from torch import Tensor

from dawnbench.engine.hooks import AverageHook, EpochResult, Hook, ScheduleHook
from dawnbench.engine.ledger import Ledger
from dawnbench.engine.prepare import Prepared
from dawnbench.engine.rates import freeze_ended, reset_optimizer
from dawnbench.errors import DawnbenchError


class DivergedError(Exception):
    """The training loss is no longer a number."""


def own_hooks(prepared: Prepared) -> tuple[Hook, ...]:
    """Return the guests that a recipe itself brings."""
    return () if prepared.average is None else (AverageHook(prepared.average),)


class Trial:
    """A training that has begun: `train_epoch`, `evaluate` and `end_epoch` in turn, or `run` for all of it.

    Everything that it does is in a segment of the ledger. Of one `Prepared` one trial is alive at a time.
    """

    def __init__(self, prepared: Prepared, seed: int, ledger: Ledger, hooks: tuple[Hook, ...] = ()) -> None:
        """Bring the data to the device, draw the weights and compute what is computed before training."""
        self._prepared, self._seed, self._ledger = prepared, seed, ledger
        self.epoch = 0
        """Epochs that were trained to their end."""
        self._step = 0
        with ledger.segment("to_device"):
            prepared.train.load()
            prepared.validation.load()
        with ledger.segment("reset"):
            prepared.reset(seed)
        with ledger.segment("init"):
            prepared.fit()
            self._schedule = prepared.make_schedule()
            # Guests come first, so that the recipe's average takes in what a mask made of the weights.
            self._hooks = (*hooks, *own_hooks(prepared), ScheduleHook(self._schedule))
            for hook in self._hooks:
                hook.trial_began(self)

    @property
    def steps(self) -> int:
        """Steps of the whole trial."""
        return self._prepared.steps

    @property
    def is_last_epoch(self) -> bool:
        """Whether the epoch that was trained last is the recipe's last."""
        return self.epoch == self._prepared.recipe.epochs

    def run(self) -> None:
        """Train to the recipe's last epoch, evaluating after each.

        Raises:
            DivergedError: the loss became infinite or NaN; the hooks heard of that epoch before.
        """
        while not self.is_last_epoch:
            self.train_epoch()
            self.evaluate()
            self.end_epoch()

    def train_epoch(self) -> None:
        """Train one epoch."""
        with self._ledger.segment("train", self.epoch + 1):
            self.begin_epoch()
            for _ in range(self._prepared.steps_per_epoch):
                self.train_step()

    def begin_epoch(self) -> None:
        """Draw the next epoch's order and random changes; `train_epoch` does this itself."""
        prepared = self._prepared
        prepared.model.train()
        prepared.input.begin_epoch(self.epoch, prepared.generator)
        prepared.rates.begin_epoch(self._schedule, self._step, prepared.steps_per_epoch)
        prepared.step.begin_epoch()
        self._step_of_epoch = 0

    def train_step(self) -> None:
        """Take the epoch's next step; `train_epoch` does this itself."""
        prepared, number = self._prepared, self._step_of_epoch
        last = number == prepared.steps_per_epoch - 1
        if last:
            prepared.step.set_last_apart()
        freeze_ended(prepared.optimizer, self._step / prepared.steps_per_epoch)
        prepared.rates.before_step(number)
        prepared.step(prepared.input.counts[number], prepared.recipe.resolution(self.epoch))
        self._step += 1
        self._step_of_epoch += 1
        for hook in self._hooks:
            hook.after_step(self, self._step)
        if last:
            self.epoch += 1

    def evaluate(self) -> tuple[Tensor, Tensor]:
        """Return the summed validation loss in nats and the count of right answers, both on the device."""
        evaluation = self._prepared.evaluation
        name = "final_evaluate" if self.is_last_epoch else "evaluate"
        with self._ledger.segment(name, self.epoch):
            evaluation(self.is_last_epoch)
        return evaluation.loss, evaluation.correct

    def end_epoch(self) -> EpochResult:
        """Read what the epoch came to, and tell the hooks.

        Raises:
            DivergedError: the training loss is infinite or NaN.
        """
        with self._segment("record"):
            result = self._read()
            self._tell("record", result)
        due = [hook.segment for hook in self._hooks if hook.is_due(self)]
        for name in dict.fromkeys(segment for segment in due if segment != "record"):
            with self._segment(name):
                self._tell(name, result)
        if not math.isfinite(result.train_loss):
            raise DivergedError(f"the training loss was {result.train_loss} after epoch {self.epoch}")
        return result

    def _segment(self, name: str) -> AbstractContextManager[None]:
        return self._ledger.segment(name, self.epoch)

    def _tell(self, segment: str, result: EpochResult) -> None:
        for hook in self._hooks:
            if hook.segment == segment and hook.is_due(self):
                hook.after_epoch(self, result)

    def _read(self) -> EpochResult:
        prepared, counts = self._prepared, self._prepared.input.counts
        step, evaluation = prepared.step, prepared.evaluation
        losses = torch.stack([step.loss_before_last + step.loss, step.loss, evaluation.loss]).tolist()
        corrects = torch.stack([step.correct, evaluation.correct]).tolist()
        return EpochResult(
            epoch=self.epoch,
            learning_rate=self._schedule(self.epoch - 1),
            train_loss=losses[0] / (len(counts) * max(counts)),
            last_batch_loss=losses[1] / max(counts),
            train_correct=corrects[0],
            train_images=sum(counts),
            validation_loss=losses[2] / len(prepared.validation),
            validation_correct=corrects[1],
            validation_images=len(prepared.validation),
        )

    def state_dict(self) -> dict[str, Any]:
        """Return all that is needed to go on after the last whole epoch: tensors, numbers and text only."""
        prepared = self._prepared
        return {
            "seed": self._seed,
            "epoch": self.epoch,
            "step": self._step,
            "model": {name: value.clone() for name, value in prepared.model.state_dict().items()},
            "optimizer": [
                {key: value.clone() for key, value in prepared.optimizer.state.get(p, {}).items()}
                for group in prepared.optimizer.param_groups
                for p in group["params"]
            ],
            "generator": prepared.generator.get_state(),
            "default_generator": prepared.device.random_state(),
            "hooks": [hook.state_dict() for hook in self._hooks],
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from what `state_dict` returned in a trial of the same recipe, data and hooks.

        Raises:
            DawnbenchError: the state is of a trial with more or fewer hooks.
        """
        prepared = self._prepared
        if len(state["hooks"]) != len(self._hooks):
            raise DawnbenchError(
                f"the state is of a trial with {len(state['hooks'])} hooks, its own included, and this one "
                f"has {len(self._hooks)}; begin it with the same hooks"
            )
        self._seed, self.epoch, self._step = state["seed"], state["epoch"], state["step"]
        prepared.model.load_state_dict(state["model"])
        self._load_optimizer(state["optimizer"])
        prepared.generator.set_state(state["generator"])
        prepared.device.set_random_state(state["default_generator"])
        for hook, own in zip(self._hooks, state["hooks"], strict=True):
            hook.load_state_dict(own)

    def _load_optimizer(self, states: list[dict[str, Tensor]]) -> None:
        optimizer = self._prepared.optimizer
        # What the state does not mention had not been trained yet.
        reset_optimizer(optimizer)
        parameters = [p for group in optimizer.param_groups for p in group["params"]]
        for parameter, kept in zip(parameters, states, strict=True):
            state = optimizer.state[parameter]
            for key, value in kept.items():
                if key in state:
                    state[key].copy_(value)
                else:
                    state[key] = value.clone()
