"""One trial: trained, timed, recorded, whichever way it ends."""

from __future__ import annotations

import time
from contextlib import suppress

from dawnbench.campaign.observer import Observer
from dawnbench.engine.device import Device
from dawnbench.engine.hooks import EpochResult, Hook, Progress
from dawnbench.engine.ledger import Ledger, earlier
from dawnbench.engine.prepare import Prepared
from dawnbench.engine.trial import DivergedError, Trial
from dawnbench.errors import DawnbenchError
from dawnbench.records.rules import times
from dawnbench.records.schema import EpochRecord, Segment, TelemetrySummary, TrialRecord, TrialStatus
from dawnbench.records.store import RunWriter
from dawnbench.telemetry import Sampler

CLOCKS_MAY_DIFFER = 0.02
"""Of the host's time; beyond it a trial says so."""
FROM_THE_KEYBOARD = "interrupted from the keyboard"
"""Why a trial was interrupted, where whoever did it does not say."""


class TrialRecorder(Hook):
    """Runs one trial and writes its lines as they come."""

    def __init__(
        self,
        trial: int,
        seed: int,
        target: float,
        device: Device,
        sampler: Sampler,
        writer: RunWriter,
        observer: Observer,
    ) -> None:
        self._trial, self._seed, self._target = trial, seed, target
        self._device, self._sampler, self._writer, self._observer = device, sampler, writer, observer
        self._epochs: list[EpochRecord] = []

    def run(
        self,
        prepared: Prepared,
        setup: Ledger,
        startup: tuple[Segment, ...],
        hooks: tuple[Hook, ...] = (),
    ) -> None:
        """Train and record, with further guests; a diverged or interrupted trial is recorded too.

        An interrupt is passed on.
        """
        self._observer.trial_started(self._trial, self._seed)
        self._device.reset_peak_memory()
        self._device.synchronize()
        self._joules = self._sampler.energy_joules()
        self._ledger = Ledger(self._device)
        try:
            Trial(prepared, self._seed, self._ledger, (self, *hooks)).run()
        except DivergedError as error:
            self._surely_record("diverged", str(error), setup, startup)
        except KeyboardInterrupt as error:
            self._surely_record("interrupted", str(error) or FROM_THE_KEYBOARD, setup, startup)
            raise
        except Exception as error:
            # Where the disk is full this fails as well, and the first failure is the one to tell.
            with suppress(DawnbenchError):
                self._surely_record("failed", f"{type(error).__name__}: {error}", setup, startup)
            raise
        else:
            self._surely_record("finished", None, setup, startup)

    def after_step(self, trial: Progress, step: int) -> None:
        """Tell the observer."""
        self._observer.step(step)

    def after_epoch(self, trial: Progress, result: EpochResult) -> None:
        """Write the epoch's line."""
        seconds = {s.name: s.length_ns / 1e9 for s in self._ledger.segments() if s.epoch == result.epoch}
        joules = self._sampler.energy_joules()
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
            energy_joules=None if joules is None or self._joules is None else joules - self._joules,
        )
        record = self._writer.append_epoch(record)
        self._epochs.append(record)
        self._observer.epoch_ended(record)

    def _surely_record(
        self, status: TrialStatus, reason: str | None, setup: Ledger, startup: tuple[Segment, ...]
    ) -> None:
        """Record the trial, even if an interrupt comes just then, which is passed on."""
        try:
            self._record_trial(status, reason, setup, startup)
        except KeyboardInterrupt:
            if not self._writer.has_trial(self._trial):
                self._record_trial(status, reason, setup, startup)
            raise

    def _record_trial(
        self, status: TrialStatus, reason: str | None, setup: Ledger, startup: tuple[Segment, ...]
    ) -> None:
        self._device.synchronize()
        ended_ns = time.perf_counter_ns()
        wall_seconds = (ended_ns - self._ledger.began_wall_ns) / 1e9
        device_seconds = self._ledger.device_seconds()
        before = earlier(startup + setup.segments(), self._ledger.began_wall_ns - setup.began_wall_ns)
        segments = before + self._ledger.segments()
        # A final evaluation that was broken off has no time.
        whole = tuple(s for s in segments if status == "finished" or s.name != "final_evaluate")
        reached = [e.epoch for e in self._epochs if e.validation_accuracy >= self._target]
        epochs_to_target = reached[0] if reached else None
        accuracies = [e.validation_accuracy for e in self._epochs]
        record = TrialRecord(
            trial=self._trial,
            seed=self._seed,
            status=status,
            reason=reason,
            segments=segments,
            seconds=times(whole, epochs_to_target),
            target=self._target,
            epochs_to_target=epochs_to_target,
            accuracy=accuracies[-1] if accuracies and status == "finished" else None,
            best_accuracy=max(accuracies, default=None),
            wall_seconds=wall_seconds,
            device_seconds=device_seconds,
            peak_memory_bytes=self._device.peak_memory_bytes(),
            telemetry=self._telemetry(ended_ns, epochs_to_target),
            warnings=self._warnings(wall_seconds, device_seconds),
            began_ns=self._ledger.began_wall_ns,
        )
        self._observer.trial_ended(self._writer.append_trial(record))
        self._sampler.forget(ended_ns)

    def _telemetry(self, ended_ns: int, epochs_to_target: int | None) -> TelemetrySummary:
        joules = self._sampler.energy_joules()
        spent = None if joules is None or self._joules is None else joules - self._joules
        to_target = None if epochs_to_target is None else self._epochs[epochs_to_target - 1].energy_joules
        return self._sampler.summary(self._ledger.began_wall_ns, ended_ns, spent, to_target)

    def _warnings(self, wall_seconds: float, device_seconds: float) -> tuple[str, ...]:
        warnings = []
        if abs(wall_seconds - device_seconds) > CLOCKS_MAY_DIFFER * wall_seconds:
            warnings.append(
                f"the host's clock says {wall_seconds:.3f} s and the device's {device_seconds:.3f} s: more "
                "than 2 % apart, so something other than the trial held one of them up; measure again"
            )
        if self._sampler.error is not None:
            warnings.append(f"the telemetry ended early: {self._sampler.error}")
        return tuple(warnings)
