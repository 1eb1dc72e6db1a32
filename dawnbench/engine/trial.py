"""One training run from a fresh seed, epoch by epoch."""

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
    """The training loss is infinite or NaN."""


def recipe_hooks(prepared: Prepared) -> tuple[Hook, ...]:
    """Return the hooks that the recipe itself requires."""
    return () if prepared.average is None else (AverageHook(prepared.average),)


class Trial:
    """A training run in progress: call `train_epoch`, `evaluate` and `end_epoch` in turn, or `run` for all.

    Everything it does belongs to a segment of the ledger. A `Prepared` supports one trial at a time.
    """

    def __init__(self, prepared: Prepared, seed: int, ledger: Ledger, hooks: tuple[Hook, ...] = ()) -> None:
        """Copy the data to the device, initialize the weights and do what precedes training."""
        self._prepared, self._seed, self._ledger = prepared, seed, ledger
        self.epoch = 0
        """Completed epochs."""
        self._step = self._step_of_epoch = 0
        with ledger.segment("to_device"):
            prepared.train.load()
            prepared.validation.load()
        with ledger.segment("reset"):
            prepared.reset(seed)
        with ledger.segment("init"):
            prepared.fit()
            prepared.load_weights()
            prepared.share_weights()
            self._schedule = prepared.make_schedule()
            # The caller's hooks come first, so that the recipe's average sees masked weights, and checkpoints
            # last, so that they see what all others did.
            everyone = (*hooks, *recipe_hooks(prepared), ScheduleHook(self._schedule))
            self._hooks = tuple(sorted(everyone, key=lambda hook: hook.segment == "checkpoint"))
            for hook in self._hooks:
                hook.trial_began(self)

    @property
    def steps(self) -> int:
        """Number of steps of the whole trial."""
        return self._prepared.steps

    @property
    def is_last_epoch(self) -> bool:
        """Whether the epoch just trained is the recipe's last."""
        return self.epoch == self._prepared.recipe.epochs

    @property
    def is_within_epoch(self) -> bool:
        """Whether the epoch under way has steps behind it and steps ahead."""
        return 0 < self._step_of_epoch < self._prepared.steps_per_epoch

    def run(self) -> None:
        """Train to the recipe's last epoch, evaluating after each epoch.

        Raises:
            DivergedError: the loss became infinite or NaN; the hooks are called for that epoch first.
        """
        while not self.is_last_epoch:
            self.train_epoch()
            self.evaluate()
            self.end_epoch()

    def train_epoch(self) -> None:
        """Train one epoch, or the rest of the one that `load_state_dict` was in the middle of."""
        with self._ledger.segment("train", self.epoch + 1):
            if not self.is_within_epoch:
                self.begin_epoch()
            for _ in range(self._step_of_epoch, self._prepared.steps_per_epoch):
                self.train_step()

    def begin_epoch(self) -> None:
        """Draw the next epoch's order and augmentations; `train_epoch` does this itself."""
        prepared = self._prepared
        self._epoch_generator = prepared.generator.get_state()
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
            prepared.step.separate_last_batch()
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
        """Return the summed validation loss in nats and the correct predictions, both on the device."""
        evaluation = self._prepared.evaluation
        name = "final_evaluate" if self.is_last_epoch else "evaluate"
        with self._ledger.segment(name, self.epoch):
            evaluation(self.is_last_epoch)
        return evaluation.loss, evaluation.correct

    def end_epoch(self) -> EpochResult:
        """Read the epoch's results and pass them to the hooks.

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
        summed = torch.stack([step.loss_before_last + step.loss, step.loss, evaluation.loss])
        counted = torch.stack([step.correct, *evaluation.counts()])
        if prepared.ranks.rank:
            # An evaluation is of all images already; rank 0's counts, so that no schedule sees another one.
            summed[2:], counted[1:] = 0, 0
        prepared.ranks.sum_(summed)
        prepared.ranks.sum_(counted)
        losses, corrects = summed.tolist(), counted.tolist()
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
            validation_top5=corrects[2] if evaluation.top5_correct is not None else None,
        )

    def state_dict(self) -> dict[str, Any]:
        """Return what is needed to resume after the last complete step: tensors, numbers and text.

        All ranks must call it together, and all get the state of all.
        """
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
            "hooks": [hook.state_dict() for hook in self._hooks],
            "within_epoch": self._state_within_epoch() if self.is_within_epoch else {},
            "by_rank": prepared.ranks.gather(self._state_of_rank()),
        }

    def _state_within_epoch(self) -> dict[str, Any]:
        """Return what the epoch's rest needs; its order and draws come from the generator at its start."""
        return {"steps": self._step_of_epoch, "generator": self._epoch_generator}

    def _state_of_rank(self) -> dict[str, Any]:
        """Return what the ranks do not have in common, in host memory."""
        step = self._prepared.step
        return {
            "default_generator": self._prepared.device.random_state(),
            "statistics": [statistic.cpu().clone() for statistic in self._statistics()],
            "sums": [sum_of.cpu().clone() for sum_of in (step.loss, step.correct)],
        }

    def _statistics(self) -> list[Tensor]:
        """Return the running statistics of norms, which are those of the rank's own images."""
        model, average = self._prepared.model, self._prepared.average
        return [*model.buffers(), *([] if average is None else average.statistics())]

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Resume from what `state_dict` returned in a trial of the same recipe, data and hooks.

        Raises:
            DawnbenchError: the state is from a trial with more or fewer hooks.
        """
        prepared = self._prepared
        if len(state["hooks"]) != len(self._hooks):
            raise DawnbenchError(
                f"the state has {len(state['hooks'])} hooks, including the trial's own, but this trial "
                f"has {len(self._hooks)}; create it with the same hooks"
            )
        self._seed, self.epoch, self._step = state["seed"], state["epoch"], state["step"]
        prepared.model.load_state_dict(state["model"])
        self._load_optimizer(state["optimizer"])
        prepared.generator.set_state(state["generator"])
        for hook, own in zip(self._hooks, state["hooks"], strict=True):
            hook.load_state_dict(own)
        of_rank = state["by_rank"][prepared.ranks.rank]
        prepared.device.set_random_state(of_rank["default_generator"])
        for statistic, own in zip(self._statistics(), of_rank["statistics"], strict=True):
            statistic.copy_(own)
        self._step_of_epoch = 0
        if state["within_epoch"]:
            self._load_within_epoch(**state["within_epoch"], sums=of_rank["sums"])

    def _load_within_epoch(self, steps: int, generator: Tensor, sums: list[Tensor]) -> None:
        prepared, step = self._prepared, self._prepared.step
        prepared.generator.set_state(generator)
        self._step -= steps
        self.begin_epoch()
        self._step += steps
        self._step_of_epoch = steps
        step.position.fill_(steps)
        for target, kept in zip((step.loss, step.correct), sums, strict=True):
            target.copy_(kept)

    def _load_optimizer(self, states: list[dict[str, Tensor]]) -> None:
        optimizer = self._prepared.optimizer
        # Parameters missing from the state had not been trained yet.
        reset_optimizer(optimizer)
        parameters = [p for group in optimizer.param_groups for p in group["params"]]
        for parameter, kept in zip(parameters, states, strict=True):
            state = optimizer.state[parameter]
            for key, value in kept.items():
                if key in state:
                    state[key].copy_(value)
                else:
                    state[key] = value.clone()
