from __future__ import annotations

import json
import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dawnbench.telemetry import sampler as sampler_module
from dawnbench.telemetry.sampler import Sample, Sampler, next_tick
from dawnbench.telemetry.source import Probe, Source


class FakeSource(Source):
    def __init__(self, metric: str = "power", joules: float | None = None, seconds: float = 0) -> None:
        self.value = 10.0
        self.error: Exception | None = None
        self.reasons: tuple[str, ...] = ()
        self.joules = joules
        self.seconds = seconds
        self.closed = 0
        super().__init__([Probe({metric: "W"}, self._measure)])
        self.energy_name = f"the counter of {metric}" if joules is not None else None

    def _measure(self) -> tuple[float]:
        time.sleep(self.seconds)
        if self.error:
            raise self.error
        return (self.value,)

    def throttle_reasons(self) -> tuple[str, ...]:
        return self.reasons

    def energy_joules(self) -> float | None:
        return self.joules

    def close(self) -> None:
        self.closed += 1


class Kept:
    def __init__(self) -> None:
        self.batches: list[list[Sample]] = []

    def __call__(self, samples: list[Sample]) -> None:
        self.batches.append(samples)

    @property
    def samples(self) -> list[Sample]:
        return [sample for batch in self.batches for sample in batch]


def wait_until(happened) -> None:
    for _ in range(500):
        if happened():
            return
        time.sleep(0.01)
    pytest.fail("it did not happen within 5 s")


def test_twenty_samples_a_second_without_drift():
    kept = Kept()
    with Sampler([FakeSource()], kept):
        time.sleep(0.6)
    times = [sample["t_ns"] for sample in kept.samples]
    assert 8 <= len(times) <= 14
    ticks = [(t_ns - times[0]) / 50e6 for t_ns in times]
    assert sorted(tick % 1 for tick in ticks)[len(ticks) // 2] < 0.5, (
        "half the samples are late by half a tick"
    )


def test_a_slow_sensor_skips_ticks_instead_of_catching_up():
    kept = Kept()
    with Sampler([FakeSource(seconds=0.07)], kept):
        time.sleep(0.6)
    assert 3 <= len(kept.samples) <= 8
    gaps = [
        later["t_ns"] - sooner["t_ns"] for sooner, later in zip(kept.samples, kept.samples[1:], strict=False)
    ]
    assert min(gaps) >= 70e6


@given(st.integers(0, 1000), st.integers(0, 10**12), st.integers(1, 10**9))
def test_the_next_tick_is_the_first_that_is_still_to_come(tick: int, elapsed: int, period: int):
    following = next_tick(tick, elapsed, period)
    assert following > tick
    assert following * period >= elapsed
    assert following == tick + 1 or (following - 1) * period < elapsed


def test_samples_reach_the_sink_as_json_lines_about_once_a_second(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sampler_module, "_FLUSH_NS", 200_000_000)
    kept = Kept()
    first, second = FakeSource("power"), FakeSource("heat")
    second.reasons = ("power cap",)
    with Sampler([first, second], kept):
        wait_until(lambda: kept.batches)
        assert 2 <= len(kept.batches[0]) <= 8
        second.reasons = ()
        wait_until(lambda: len(kept.batches) > 2)
    times = [sample["t_ns"] for sample in kept.samples]
    assert times == sorted(set(times)), "a sample was handed over twice or out of order"
    sample = json.loads(json.dumps(kept.samples[0]))
    assert sample == {"t_ns": times[0], "power": 10.0, "heat": 10.0, "throttle": ["power cap"]}
    assert "throttle" not in kept.samples[-1]


def test_what_is_short_of_a_second_reaches_the_sink_at_the_end():
    kept = Kept()
    with Sampler([FakeSource()], kept):
        pass
    assert len(kept.samples) == 1


def test_a_summary_has_mean_peak_unit_and_throttle_reasons():
    source = FakeSource(joules=5.0)
    sampler = Sampler([source], Kept(), hertz=200)
    start = time.perf_counter_ns()
    with sampler:
        time.sleep(0.05)
        source.value, source.reasons = 30.0, ("power cap",)
        time.sleep(0.05)
        summary = sampler.summary(start, time.perf_counter_ns(), 7.0, 3.0)
    assert summary.samples >= 2
    reading = summary.readings["power"]
    assert 10 < reading.mean < 30
    assert (reading.peak, reading.unit) == (30, "W")
    assert summary.throttle_reasons == ("power cap",)
    assert (summary.energy_joules, summary.energy_to_target_joules) == (7.0, 3.0)
    assert summary.energy_source == "the counter of power"


def test_the_shortest_window_still_gets_a_sample():
    with Sampler([FakeSource()], Kept()) as sampler:
        now = time.perf_counter_ns()
        assert sampler.summary(now, now + 1, None, None).samples == 1


def test_forgetting_lets_go_of_the_samples_before():
    with Sampler([FakeSource()], Kept()) as sampler:
        end = time.perf_counter_ns()
        sampler.forget(end)
        assert sampler.summary(0, end, None, None).samples == 0


def test_energy_is_the_first_counter_there_is():
    without, gpu, package = FakeSource("a"), FakeSource("b", joules=100.0), FakeSource("c", joules=7.0)
    sampler = Sampler([without, gpu, package], Kept())
    assert sampler.energy_joules() == 100.0
    assert sampler.energy_source == "the counter of b"
    gpu.joules = None
    assert sampler.energy_joules() is None, "a counter that fails is not replaced by another halfway"


def test_without_a_counter_there_is_no_energy():
    sampler = Sampler([FakeSource()], Kept())
    assert sampler.energy_joules() is None
    assert sampler.energy_source is None


def test_a_sensor_that_fails_is_reported_not_raised():
    broken, sound = FakeSource("broken"), FakeSource("sound")
    broken.error = OSError("unplugged")
    kept = Kept()
    with Sampler([broken, sound], kept) as sampler:
        summary = sampler.summary(0, time.perf_counter_ns(), None, None)
    assert sampler.error is None
    assert "unplugged" in sampler.unavailable["broken"]
    assert kept.samples[0]["broken"] is None
    assert kept.samples[0]["sound"] == 10.0
    assert set(summary.readings) == {"sound"}


def test_a_full_disk_ends_the_sampling_and_is_kept(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sampler_module, "_FLUSH_NS", 0)
    handed = []

    def full(samples: list[Sample]) -> None:
        handed.append(samples)
        if len(handed) == 3:
            raise OSError(28, "No space left on device")

    source = FakeSource()
    with Sampler([source], full, hertz=100) as sampler:
        wait_until(lambda: sampler.error)
        time.sleep(0.05)
    assert isinstance(sampler.error, OSError)
    assert len(handed) == 3
    assert source.closed == 1


def test_a_sink_that_fails_at_the_very_end_is_kept_too():
    def full(samples: list[Sample]) -> None:
        raise OSError(28, "No space left on device")

    with Sampler([FakeSource()], full) as sampler:
        assert sampler.error is None
    assert isinstance(sampler.error, OSError)


def test_a_hanging_sensor_does_not_hang_the_end(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sampler_module, "_STOP_SECONDS", 0.1)
    source = FakeSource()
    freed = threading.Event()
    sampler = Sampler([source], Kept(), hertz=100)
    sampler.start()
    entered = threading.Event()

    def hang() -> tuple[str, ...]:
        entered.set()
        freed.wait(10)
        return ()

    monkeypatch.setattr(source, "throttle_reasons", hang)
    assert entered.wait(5)
    sampler.stop()
    freed.set()
    assert isinstance(sampler.error, TimeoutError)
    assert source.closed == 0, "a source must not be closed under a thread that reads it"


def test_stopping_ends_the_thread_and_closes_the_sources():
    source = FakeSource()
    before = threading.active_count()
    with Sampler([source], Kept()):
        assert threading.active_count() == before + 1
    assert threading.active_count() == before
    assert source.closed == 1


def test_sampling_costs_little():
    quiet = Kept()
    began = time.process_time()
    with Sampler([FakeSource()], quiet):
        time.sleep(1)
    assert time.process_time() - began < 0.03


def test_a_silence_is_a_pause_only_beyond_what_a_busy_machine_makes(monkeypatch: pytest.MonkeyPatch):
    """A sensor that hangs stands for a process that was stopped; the threshold is lowered for the test."""
    assert sampler_module.PAUSE_NS >= 1_000_000_000
    monkeypatch.setattr(sampler_module, "PAUSE_NS", 400_000_000)
    source = FakeSource()
    sampler = Sampler([source], lambda _samples: None, hertz=100)
    began = time.perf_counter_ns()
    assert sampler.pause(began - 10**10, began) is None, "nothing was sampling"
    with sampler:
        source.seconds = 0.1
        time.sleep(0.2)
        assert sampler.pause(began, time.perf_counter_ns()) is None
        source.seconds = 0.6
        time.sleep(0.2)
        source.seconds = 0
        time.sleep(0.5)
        pause = sampler.pause(began, time.perf_counter_ns())
        assert pause is not None
        assert 0.5 < pause.length_ns / 1e9 < 0.9
        sampler.error = OSError("no space left")
        assert sampler.pause(began, time.perf_counter_ns()) is None, "it is told in another way"
        sampler.error = None


def test_the_power_of_the_counter_is_integrated():
    source = FakeSource("gpu_power", joules=5.0)
    with Sampler([FakeSource("cpu_power"), source], lambda _samples: None, hertz=100) as sampler:
        assert sampler.power_integral(0, 1) is None, "nothing says which metric it is"
        source.power_name = "gpu_power"
        began = time.perf_counter_ns()
        time.sleep(0.1)
        power = sampler.power_integral(began, began + 2_000_000_000)
    assert power is not None
    assert power.area == pytest.approx(20.0)
    assert power.readings >= 2
