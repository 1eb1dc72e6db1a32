"""Reads every source at a steady rate during training."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from dawnbench.records.schema import TelemetrySummary
from dawnbench.telemetry.history import Gap, History, Integral
from dawnbench.telemetry.source import Source

Sample = dict[str, Any]
"""`t_ns` by time.perf_counter_ns, each metric's value or None, and `throttle` if there was a reason."""

Sink = Callable[[list[Sample]], None]

_FLUSH_NS = 1_000_000_000
_STOP_SECONDS = 5.0
HERTZ = 20.0
"""Of the readings, unless told otherwise."""
PAUSE_NS = 1_000_000_000
PAUSE_PERIODS = 5
"""Even with 100 competing threads, a thread gets a core within some tenths of a second, Python switches
threads every 5 ms, and torch releases the GIL while it computes. So a longer gap does not come from a busy
machine: the process was stopped, swapped out or moved, or its disk or a sensor hung."""


class Sampler:
    """Samples from `start` to `stop`, or within a `with` block, in its own thread.

    The sink receives new samples about once per second from that thread, and the last ones from `stop`. The
    sampler owns its sources: `stop` closes them. An exception in the sink ends sampling, not training, and is
    stored in `error`.
    """

    def __init__(self, sources: Sequence[Source], sink: Sink, hertz: float = HERTZ) -> None:
        self.error: Exception | None = None
        """Why sampling ended early; None if it did not."""
        self._sources = tuple(sources)
        self._sink = sink
        self._period_ns = round(1e9 / hertz)
        self._meter = next((source for source in sources if source.energy_joules() is not None), None)
        self._history = History({name: unit for source in sources for name, unit in source.units.items()})
        self._history_lock = threading.Lock()
        self._pending: list[Sample] = []
        self._start_ns = self._flushed_ns = 0
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="dawnbench-telemetry", daemon=True)

    def start(self) -> None:
        """Take the first sample, then continue in the thread."""
        self._start_ns = self._flushed_ns = time.perf_counter_ns()
        self._attempt(self._sample)
        self._thread.start()

    def stop(self) -> None:
        """Stop sampling, pass the last samples to the sink and close the sources."""
        self._ending.set()
        self._thread.join(_STOP_SECONDS)
        if self._thread.is_alive():
            self.error = TimeoutError(f"a sensor or the sink did not return within {_STOP_SECONDS:.0f} s")
            return
        if self.error is None:
            self._attempt(self._flush)
        for source in self._sources:
            source.close()

    def __enter__(self) -> Sampler:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def unavailable(self) -> dict[str, str]:
        """By metric, why it cannot be read, or could not be read at some samples."""
        return {name: why for source in self._sources for name, why in dict(source.unavailable).items()}

    @property
    def energy_source(self) -> str | None:
        """The counter that `energy_joules` reads: the first source's that has one."""
        return self._meter.energy_name if self._meter else None

    def energy_joules(self) -> float | None:
        """Return that counter, for differences; None if there is none or it cannot be read now."""
        return self._meter.energy_joules() if self._meter else None

    def energy_by_device(self) -> dict[str, float]:
        """Return the counters of which that one is the sum, by rank, for differences."""
        return self._meter.energy_by_device() if self._meter else {}

    @property
    def energy_losses(self) -> int:
        """How often that counter is known to have lost its count; differences across a loss are invalid."""
        return self._meter.energy_losses if self._meter else 0

    @property
    def energy_loss(self) -> str:
        """A description of the last loss."""
        return self._meter.energy_loss if self._meter else ""

    @property
    def power_name(self) -> str | None:
        """The metric whose integral is that counter's energy."""
        return self._meter.power_name if self._meter else None

    def power_integral(self, start_ns: int, end_ns: int) -> Integral | None:
        """Integrate that metric between two times of time.perf_counter_ns; None without a reading."""
        name = self.power_name
        if name is None:
            return None
        with self._history_lock:
            return self._history.integral(name, start_ns, end_ns)

    def pause(self, start_ns: int, end_ns: int) -> Gap | None:
        """Return the longest time without a sample between two times, if the sampler cannot have caused it.

        Also None if sampling is not running.
        """
        if not self._thread.is_alive() or self.error is not None:
            return None
        with self._history_lock:
            gap = self._history.longest_gap(start_ns, end_ns)
        return gap if gap.length_ns > max(PAUSE_NS, PAUSE_PERIODS * self._period_ns) else None

    def summary(
        self,
        start_ns: int,
        end_ns: int,
        energy_joules: float | None,
        energy_to_target_joules: float | None,
        gpu_energy: Mapping[str, float] = MappingProxyType({}),
    ) -> TelemetrySummary:
        """Summarize the samples between two times of time.perf_counter_ns, with the given energies.

        A window between two samples uses the nearest one; far from all samples it has no readings.
        """
        with self._history_lock:
            window = self._history.window(start_ns, end_ns)
        return TelemetrySummary(
            samples=window.samples,
            readings=window.readings,
            throttle_reasons=window.throttle_reasons,
            energy_joules=energy_joules,
            energy_to_target_joules=energy_to_target_joules,
            energy_source=self.energy_source,
            gpu_energy=dict(gpu_energy),
        )

    def forget(self, before_ns: int) -> None:
        """Discard the samples before this time, so that a day of trials needs no more memory than one."""
        with self._history_lock:
            self._history.forget(before_ns)

    def _run(self) -> None:
        tick = 0
        while True:
            tick = next_tick(tick, time.perf_counter_ns() - self._start_ns, self._period_ns)
            due_ns = self._start_ns + tick * self._period_ns
            if self._ending.wait(max(0, due_ns - time.perf_counter_ns()) / 1e9):
                return
            self._attempt(self._sample)

    def _sample(self) -> None:
        t_ns = time.perf_counter_ns()
        values: dict[str, float | None] = {}
        throttle: tuple[str, ...] = ()
        for source in self._sources:
            values.update(source.read())
            throttle += source.throttle_reasons()
        with self._history_lock:
            self._history.append(t_ns, values, throttle)
        sample: Sample = {"t_ns": t_ns, **values}
        if throttle:
            sample["throttle"] = list(throttle)
        self._pending.append(sample)
        if t_ns - self._flushed_ns >= _FLUSH_NS:
            self._flushed_ns = t_ns
            self._flush()

    def _flush(self) -> None:
        samples, self._pending = self._pending, []
        if samples:
            self._sink(samples)

    def _attempt(self, step: Callable[[], None]) -> None:
        try:
            step()
        except Exception as error:
            self.error = error
            self._ending.set()


def next_tick(tick: int, elapsed_ns: int, period_ns: int) -> int:
    """Return the first tick after `tick` that has not passed; missed ticks are skipped."""
    return max(tick + 1, -(-elapsed_ns // period_ns))
