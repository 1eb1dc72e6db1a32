"""Trains, times and records one trial."""

from __future__ import annotations

from typing import Any

from dawnbench.campaigns.rank_facts import epoch_of_all
from dawnbench.campaigns.recorder import Continued, Recorder
from dawnbench.engine.checkpoint import Checkpoint, WithinEpochError
from dawnbench.engine.hooks import EpochResult, Hook, Progress
from dawnbench.engine.ledger import Ledger
from dawnbench.engine.prepare import Prepared
from dawnbench.engine.trial import Trial
from dawnbench.records.rules import times
from dawnbench.records.schema import EpochRecord, Segment, TrialStatus


class TrialRecorder(Recorder, Hook):
    """Runs one trial and writes its records as they become available."""

    def run(
        self,
        prepared: Prepared,
        setup: Ledger,
        startup: tuple[Segment, ...],
        hooks: tuple[Hook, ...] = (),
        checkpoint: Checkpoint | None = None,
        continued: Continued | None = None,
    ) -> None:
        """Train and record, with further hooks; a diverged or interrupted trial is recorded too.

        `checkpoint` saves the trial's state, and `continued` is what another process left of it. An interrupt
        is re-raised.
        """
        self._continued, self._checkpoint = continued, checkpoint
        self._epochs: list[EpochRecord] = [] if continued is None else list(continued.epochs)
        hooks = (self, *hooks, *(() if checkpoint is None else (checkpoint,)))
        saved = None if continued is None else continued.saved

        def train() -> None:
            trial = Trial(prepared, self._seed, self._ledger, hooks)
            if saved is not None:
                with self._ledger.segment("checkpoint"):
                    saved.load(trial)
            try:
                trial.run()
            except WithinEpochError:
                assert checkpoint is not None
                with self._ledger.segment("checkpoint", trial.epoch + 1):
                    checkpoint.save_and_interrupt(trial)

        self._run(train, setup, startup)
        if checkpoint is not None:
            checkpoint.delete()

    def after_step(self, trial: Progress, step: int) -> None:
        """Report the step to the observer."""
        self._observer.step(step)

    def after_epoch(self, trial: Progress, result: EpochResult) -> None:
        """Record the epoch."""
        seconds = {s.name: s.length_ns / 1e9 for s in self._ledger.segments() if s.epoch == result.epoch}
        record = EpochRecord(
            trial=self._trial,
            epoch=result.epoch,
            learning_rate=result.learning_rate,
            train_seconds=seconds["train"],
            evaluate_seconds=seconds.get("evaluate", seconds.get("final_evaluate", 0.0)),
            train_loss=result.train_loss,
            last_batch_loss=result.last_batch_loss,
            train_correct=result.train_correct,
            train_images=result.train_images,
            validation_loss=result.validation_loss,
            validation_correct=result.validation_correct,
            validation_images=result.validation_images,
            energy_joules=None if self._continued is not None else self._energy.joules(),
            validation_top5=result.validation_top5,
        )
        record = self._writer.append_epoch(epoch_of_all(record, self._ranks))
        self._epochs.append(record)
        self._observer.epoch_ended(record)

    def _reason(self, interrupt: KeyboardInterrupt) -> str:
        """Add how to go on, if the trial's state was saved."""
        reason = super()._reason(interrupt)
        saved_before = self._continued is not None and self._continued.saved is not None
        if not saved_before and (self._checkpoint is None or not self._checkpoint.saved):
            return reason
        return f"{reason}; `dawnbench resume {self._writer.folder.name}` goes on from its checkpoint"

    def _results(self, status: TrialStatus, segments: tuple[Segment, ...]) -> dict[str, Any]:
        # An interrupted final evaluation has no time.
        whole = tuple(s for s in segments if status == "finished" or s.name != "final_evaluate")
        epochs_to_target = self._epochs_to_target()
        accuracies = [e.validation_accuracy for e in self._epochs]
        return {
            "seconds": times(whole, epochs_to_target),
            "epochs_to_target": epochs_to_target,
            "accuracy": accuracies[-1] if accuracies and status == "finished" else None,
            "top5_accuracy": self._epochs[-1].top5_accuracy if accuracies and status == "finished" else None,
            "best_accuracy": max(accuracies, default=None),
        }

    def _energy_to_target(self) -> float | None:
        reached = self._epochs_to_target()
        return None if reached is None else self._epochs[reached - 1].energy_joules

    def _epochs_to_target(self) -> int | None:
        return next((e.epoch for e in self._epochs if e.validation_accuracy >= self._target), None)
