"""Runs, times and records one trial, however it ends."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress

from dawnbench.campaigns.energy import TrialEnergy, energy_warning
from dawnbench.campaigns.observer import Observer
from dawnbench.campaigns.pauses import pause_warning, suspend_warning, suspended_ns
from dawnbench.engine.device import Device
from dawnbench.engine.hooks import EpochResult, Hook, Progress
from dawnbench.engine.ledger import Ledger, shift_segments
from dawnbench.engine.prepare import Prepared
from dawnbench.engine.trial import DivergedError, Trial
from dawnbench.errors import DawnbenchError
from dawnbench.records.rules import times
from dawnbench.records.schema import EpochRecord, Segment, TelemetrySummary, TrialRecord, TrialStatus
from dawnbench.records.store import RunWriter
from dawnbench.telemetry import Sampler

MAX_CLOCK_DIFFERENCE = 0.02
"""As a fraction of the host's time; beyond it the trial gets a warning."""
FROM_THE_KEYBOARD = "interrupted from the keyboard"
"""The reason recorded for an interrupt without a message."""


class TrialRecorder(Hook):
    """Runs one trial and writes its records as they become available."""

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
        self.record: TrialRecord | None = None
        """The trial as written, once it has ended."""

    def run(
        self,
        prepared: Prepared,
        setup: Ledger,
        startup: tuple[Segment, ...],
        hooks: tuple[Hook, ...] = (),
    ) -> None:
        """Train and record, with further hooks; a diverged or interrupted trial is recorded too.

        An interrupt is re-raised.
        """
        self._observer.trial_started(self._trial, self._seed)
        self._device.reset_peak_memory()
        self._device.synchronize()
        self._suspended_ns = suspended_ns()
        self._energy = TrialEnergy(self._sampler)
        self._ledger = Ledger(self._device)
        try:
            Trial(prepared, self._seed, self._ledger, (self, *hooks)).run()
        except DivergedError as error:
            self._record_despite_interrupt("diverged", str(error), setup, startup)
        except KeyboardInterrupt as error:
            self._record_despite_interrupt("interrupted", str(error) or FROM_THE_KEYBOARD, setup, startup)
            raise
        except Exception as error:
            # If the disk is full this fails too, and the first failure is the one to report.
            with suppress(DawnbenchError):
                self._record_despite_interrupt("failed", f"{type(error).__name__}: {error}", setup, startup)
            raise
        else:
            self._record_despite_interrupt("finished", None, setup, startup)

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
            energy_joules=self._energy.joules(),
            validation_top5=result.validation_top5,
        )
        record = self._writer.append_epoch(record)
        self._epochs.append(record)
        self._observer.epoch_ended(record)

    def _record_despite_interrupt(
        self, status: TrialStatus, reason: str | None, setup: Ledger, startup: tuple[Segment, ...]
    ) -> None:
        """Record the trial even if interrupted meanwhile; then re-raise the interrupt."""
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
        wall_seconds = (ended_ns - self._ledger.started_wall_ns) / 1e9
        device_seconds = self._ledger.device_seconds()
        offset_ns = self._ledger.started_wall_ns - setup.started_wall_ns
        before = shift_segments(startup + setup.segments(), offset_ns)
        segments = before + self._ledger.segments()
        # An interrupted final evaluation has no time.
        whole = tuple(s for s in segments if status == "finished" or s.name != "final_evaluate")
        reached = [e.epoch for e in self._epochs if e.validation_accuracy >= self._target]
        epochs_to_target = reached[0] if reached else None
        accuracies = [e.validation_accuracy for e in self._epochs]
        telemetry = self._telemetry(ended_ns, epochs_to_target)
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
            telemetry=telemetry,
            warnings=tuple(self._warnings(ended_ns, wall_seconds, device_seconds, telemetry.energy_joules)),
            began_ns=self._ledger.started_wall_ns,
            top5_accuracy=self._epochs[-1].top5_accuracy if accuracies and status == "finished" else None,
        )
        self.record = self._writer.append_trial(record)
        self._observer.trial_ended(self.record)
        self._sampler.forget(ended_ns)

    def _telemetry(self, ended_ns: int, epochs_to_target: int | None) -> TelemetrySummary:
        to_target = None if epochs_to_target is None else self._epochs[epochs_to_target - 1].energy_joules
        return self._sampler.summary(self._ledger.started_wall_ns, ended_ns, self._energy.joules(), to_target)

    def _warnings(
        self, ended_ns: int, wall_seconds: float, device_seconds: float, joules: float | None
    ) -> Iterator[str]:
        if abs(wall_seconds - device_seconds) > MAX_CLOCK_DIFFERENCE * wall_seconds:
            yield (
                f"the host's clock says {wall_seconds:.3f} s and the device's {device_seconds:.3f} s: more "
                "than 2 % apart, so something other than the trial delayed one of them; measure again"
            )
        sampler, began_ns = self._sampler, self._ledger.started_wall_ns
        if sampler.error is not None:
            yield f"the telemetry ended early: {sampler.error}"
        gap = sampler.pause(began_ns, ended_ns)
        # Power cannot be integrated across a gap.
        power = sampler.power_integral(began_ns, ended_ns) if gap is None and sampler.error is None else None
        found = (
            suspend_warning(self._suspended_ns, suspended_ns()),
            pause_warning(gap, began_ns, self._ledger.segments()),
            f"the energy is unknown: {self._energy.unknown}" if self._energy.unknown is not None else None,
            energy_warning(sampler.energy_source, joules, wall_seconds, sampler.power_name, power),
        )
        yield from (warning for warning in found if warning is not None)
