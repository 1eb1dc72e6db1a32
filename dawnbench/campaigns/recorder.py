"""Times one trial and records it, however it ends."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from dawnbench.campaigns.energy import TrialEnergy, energy_warning
from dawnbench.campaigns.observer import Observer
from dawnbench.campaigns.pauses import pause_warning, suspend_warning, suspended_ns
from dawnbench.campaigns.rank_facts import trial_of_all
from dawnbench.engine.checkpoint import SavedTrial
from dawnbench.engine.device import Device
from dawnbench.engine.device.base import device_failure
from dawnbench.engine.distributed import SINGLE, LostRankError, Ranks, noticing_lost_ranks
from dawnbench.engine.ledger import Ledger, shift_segments
from dawnbench.engine.trial import DivergedError
from dawnbench.errors import DawnbenchError
from dawnbench.records.schema import EpochRecord, Segment, TrialRecord, TrialStatus
from dawnbench.records.store import RunWriter
from dawnbench.telemetry import Sampler

MAX_CLOCK_DIFFERENCE = 0.02
"""As a fraction of the host's time; beyond it the trial gets a warning."""
FROM_THE_KEYBOARD = "interrupted from the keyboard"
"""The reason recorded for an interrupt without a message."""


@dataclass(frozen=True)
class Continued:
    """What is left of a trial that another process began, or why its times do not count."""

    after_epochs: int
    """Complete epochs to go on after."""
    saved: SavedTrial | None
    """The state after them; None to start from the seed."""
    epochs: tuple[EpochRecord, ...]
    """Their records."""
    warning: str
    """Why the trial has no times."""


class Recorder(ABC):
    """Runs one trial's work and writes its record; a subclass says what the work came to."""

    _continued: Continued | None = None
    _device_is_lost = False
    """Whether nothing more can be asked of the device, not even when its events happened."""

    def __init__(
        self,
        trial: int,
        seed: int,
        target: float,
        device: Device,
        sampler: Sampler,
        writer: RunWriter,
        observer: Observer,
        ranks: Ranks = SINGLE,
    ) -> None:
        self._trial, self._seed, self._target = trial, seed, target
        self._device, self._sampler, self._writer, self._observer = device, sampler, writer, observer
        self._ranks, self._told = ranks, False
        self.record: TrialRecord | None = None
        """The trial as written, once it has ended."""

    def _run(self, work: Callable[[], None], setup: Ledger, startup: tuple[Segment, ...]) -> None:
        """Do the trial's work and record it, even if it diverges or is interrupted.

        An interrupt is re-raised.
        """
        self._observer.trial_started(self._trial, self._seed)
        self._device.reset_peak_memory()
        self._device.synchronize()
        self._ranks.gather(None)  # all ranks begin together
        self._suspended_ns = suspended_ns()
        self._energy = TrialEnergy(self._sampler)
        self._unavailable = self._sampler.unavailable
        self._ledger = Ledger(self._device)
        try:
            with noticing_lost_ranks():
                work()
        except DivergedError as error:
            self._record_despite_interrupt("diverged", str(error), setup, startup)
        except KeyboardInterrupt as error:
            self._record_despite_interrupt("interrupted", self._reason(error), setup, startup)
            raise
        except Exception as error:
            lost = device_failure(error)
            self._device_is_lost = lost is not None
            plain = str(error) if isinstance(error, LostRankError) else f"{type(error).__name__}: {error}"
            reason = lost or plain
            # If the disk is full this fails too, and the first failure is the one to report.
            with suppress(DawnbenchError):
                self._record_despite_interrupt("failed", reason, setup, startup)
            raise
        else:
            self._record_despite_interrupt("finished", None, setup, startup)

    def _reason(self, interrupt: KeyboardInterrupt) -> str:
        """Return the sentence that is recorded for an interrupt."""
        reason = str(interrupt) or FROM_THE_KEYBOARD
        several = self._ranks.size > 1 and "SIGTERM" in reason
        return f"{reason}, which torchrun sends if another rank ended" if several else reason

    @abstractmethod
    def _results(self, status: TrialStatus, segments: tuple[Segment, ...]) -> dict[str, Any]:
        """Return the record's times under each rule, accuracies, and what else the work came to."""

    def _energy_to_target(self) -> float | None:
        """Return the joules up to the end of the epoch that reached the target; None if none did."""
        return None

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
        own: tuple[Segment, ...] = ()
        segments, device_seconds, peak = own, None, None
        if not self._device_is_lost:
            self._device.synchronize()
        ended_ns = time.perf_counter_ns()
        began_ns = self._ledger.started_wall_ns
        wall_seconds = (ended_ns - began_ns) / 1e9
        if not self._device_is_lost:
            device_seconds, peak = self._ledger.device_seconds(), self._device.peak_memory_bytes()
            own = self._ledger.segments()
            before = shift_segments(startup + setup.segments(), began_ns - setup.started_wall_ns)
            segments = before + own
        energies = self._energy.joules(), self._energy_to_target()
        results = self._results(status, segments)
        if self._continued is not None:
            energies, results["seconds"] = (None, None), dict.fromkeys(results["seconds"])
        telemetry = self._sampler.summary(began_ns, ended_ns, *energies, self._energy.by_device())
        record = TrialRecord(
            trial=self._trial,
            seed=self._seed,
            status=status,
            reason=reason,
            segments=segments,
            target=self._target,
            wall_seconds=wall_seconds,
            device_seconds=device_seconds,
            peak_memory_bytes=peak,
            telemetry=telemetry,
            warnings=tuple(
                self._warnings(ended_ns, wall_seconds, device_seconds, telemetry.energy_joules, own)
            ),
            began_ns=began_ns,
            resumed_after=None if self._continued is None else self._continued.after_epochs,
            **results,
        )
        if status in ("finished", "diverged") and not self._told:
            self._told = True  # the others tell once only, even if an interrupt calls this again
            record = trial_of_all(record, self._ranks)
        self.record = self._writer.append_trial(record)
        self._observer.trial_ended(self.record)
        self._sampler.forget(ended_ns)

    def _warnings(
        self,
        ended_ns: int,
        wall_seconds: float,
        device_seconds: float | None,
        joules: float | None,
        segments: tuple[Segment, ...],
    ) -> Iterator[str]:
        off = 0.0 if device_seconds is None else abs(wall_seconds - device_seconds)
        if off > MAX_CLOCK_DIFFERENCE * wall_seconds:
            yield (
                f"the host's clock says {wall_seconds:.3f} s and the device's {device_seconds:.3f} s: more "
                "than 2 % apart, so something other than the trial delayed one of them; measure again"
            )
        if self._continued is not None:
            yield self._continued.warning
        sampler, began_ns = self._sampler, self._ledger.started_wall_ns
        if sampler.error is not None:
            yield f"the telemetry ended early: {sampler.error}"
        lost = [why for name, why in sampler.unavailable.items() if name not in self._unavailable]
        if lost:
            which = "a sensor was" if len(lost) == 1 else f"{len(lost)} sensors were"
            yield f"{which} lost during the trial: {lost[0]}"
        gap = sampler.pause(began_ns, ended_ns)
        # Power cannot be integrated across a gap.
        power = sampler.power_integral(began_ns, ended_ns) if gap is None and sampler.error is None else None
        found = (
            suspend_warning(self._suspended_ns, suspended_ns()),
            pause_warning(gap, began_ns, segments),
            f"the energy is unknown: {self._energy.unknown}" if self._energy.unknown is not None else None,
            energy_warning(sampler.energy_source, joules, wall_seconds, sampler.power_name, power),
        )
        yield from (warning for warning in found if warning is not None)
