"""Several GPUs as one source: together and each by itself."""

from __future__ import annotations

import os

import pytest

from dawnbench.records.schema import Reading, TelemetrySummary
from dawnbench.telemetry import Sampler, open_node_sources
from dawnbench.telemetry.many_gpus import ManyGpus, of_all_nodes
from dawnbench.telemetry.source import Probe, Source

from .conftest import UUID, FakeNvml


class Gpu(Source):
    """A GPU whose sensors a test sets."""

    energy_name, power_name = "NVML total energy counter", "gpu_power"

    def __init__(self, watts: float, degrees: float, megahertz: float, joules: float | None) -> None:
        self.values: dict[str, float | None] = {
            "gpu_power": watts,
            "gpu_temperature": degrees,
            "gpu_sm_clock": megahertz,
            "gpu_utilization": watts / 10,
        }
        self.joules = joules
        self.closed = False
        units = dict(zip(self.values, ("W", "degC", "MHz", "%"), strict=True))
        super().__init__([Probe(units, lambda: tuple(self.values.values()))])

    def energy_joules(self) -> float | None:
        return self.joules

    def throttle_reasons(self) -> tuple[str, ...]:
        return ("thermal",) if self.values["gpu_temperature"] == 90 else ()

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def two() -> tuple[Gpu, Gpu]:
    return Gpu(300, 60, 1980, 1000.0), Gpu(500, 90, 1500, 5000.0)


def test_power_adds_up_and_the_hottest_and_the_slowest_decide(two: tuple[Gpu, Gpu]) -> None:
    source = ManyGpus({0: two[0], 1: two[1]})
    values = source.read()
    together = {name: values[name] for name in two[0].units}
    assert together == {"gpu_power": 800, "gpu_temperature": 90, "gpu_sm_clock": 1500, "gpu_utilization": 40}
    assert (values["gpu0_power"], values["gpu1_power"], values["gpu1_sm_clock"]) == (300, 500, 1500)
    assert set(source.units) == set(values)
    assert source.units["gpu1_temperature"] == "degC"
    assert source.throttle_reasons() == ("thermal",)
    source.close()
    assert two[0].closed
    assert two[1].closed


def test_energy_is_the_sum_and_each_gpus_own(two: tuple[Gpu, Gpu]) -> None:
    sampler = Sampler([ManyGpus({4: two[0], 5: two[1]})], lambda _samples: None)
    assert sampler.energy_joules() == 6000
    assert sampler.energy_by_device() == {"4": 1000, "5": 5000}
    assert sampler.power_name == "gpu_power"
    two[1].joules = None
    assert sampler.energy_joules() is None  # a part of the energy is not the energy


def test_a_sum_without_one_of_the_gpus_is_unknown(two: tuple[Gpu, Gpu]) -> None:
    source = ManyGpus({0: two[0], 1: two[1]})
    two[1].values["gpu_power"] = None
    values = source.read()
    assert values["gpu_power"] is None
    assert values["gpu0_power"] == 300


def test_a_nodes_sources_are_all_its_gpus_and_its_host(fake_nvml: FakeNvml) -> None:
    other = UUID.replace("4b0a", "5c1b")
    fake_nvml.uuids.add(other)
    sources = open_node_sources({0: UUID, 1: other}, [os.getpid()])
    values = sources[0].read()
    assert values["gpu_power"] == pytest.approx(2 * 512.3)
    assert values["gpu1_power"] == pytest.approx(512.3)
    assert "cpu_utilization" in sources[1].units
    for source in sources:
        source.close()


@pytest.mark.parametrize(("uuids", "readable"), [({0: None, 1: None}, False), ({0: UUID}, True)])
def test_without_several_gpus_the_metrics_are_those_of_one_process(
    uuids: dict[int, str | None], readable: bool, fake_nvml: FakeNvml
) -> None:
    source = open_node_sources(uuids, [os.getpid()])[0]
    assert ("gpu_power" in source.units) == readable
    assert "gpu0_power" not in source.units
    source.close()


def summary(rank: int, watts: float, joules: float | None) -> TelemetrySummary:
    power = Reading(watts, watts + 50, "W")
    readings = {"gpu_power": power, f"gpu{rank}_power": power, "cpu_utilization": Reading(rank, rank, "%")}
    each = {} if joules is None else {str(rank): joules}
    return TelemetrySummary(7, readings, ("thermal",) if rank else (), joules, 1.0, "counter", each)


def test_the_nodes_of_a_trial_become_one_summary() -> None:
    both = of_all_nodes([summary(0, 300, 10.0), summary(8, 500, 30.0)])
    assert both.readings["gpu_power"] == Reading(800, 900, "W")
    assert both.readings["gpu8_power"] == Reading(500, 550, "W")
    assert both.readings["cpu_utilization"] == Reading(0, 0, "%")
    assert (both.energy_joules, both.gpu_energy) == (40.0, {"0": 10.0, "8": 30.0})
    assert both.throttle_reasons == ("thermal",)
    assert of_all_nodes([summary(0, 300, 10.0), summary(8, 500, None)]).energy_joules is None
