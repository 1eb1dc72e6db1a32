"""Devices by time and cost, as data."""

from __future__ import annotations

from dawnbench.records.prices import Prices
from dawnbench.records.trial_set import TrialSet
from dawnbench.report.charts import Chart
from dawnbench.report.charts.devices import devices_chart
from dawnbench.stats.comparison.devices import compare_devices
from dawnbench.stats.price_list import UNPRICED, PriceList
from tests.cli.made_runs import trials
from tests.report.figures import series

CONFIGURED = PriceList(by_device={"NVIDIA H200": 4.5, "NVIDIA A100": 1.3, "NVIDIA T4": 1.0, "CPU": 1.0})


def device(name: str, seconds: float, **changes: float | None) -> TrialSet:
    return series(trials(seconds, **changes), name, device_name=name)


def chart(*sets: TrialSet, prices: PriceList = CONFIGURED) -> Chart | None:
    found = compare_devices(sets, prices).trade_off
    return None if found is None else devices_chart(found, "dawnbench", "davidnet")


def test_time_is_over_cost_with_the_front_joined() -> None:
    made = chart(device("NVIDIA H200", 2.6), device("NVIDIA A100", 5.2), device("NVIDIA T4", 9.0))
    assert made is not None
    assert (made.x.title, made.y.title) == ("cost of the machine to target, $", "time to target, s")
    front, others = made.lines
    assert (list(front.names), front.joined) == (["NVIDIA A100", "NVIDIA H200"], True)
    assert (list(others.names), others.joined) == (["NVIDIA T4"], False)
    assert [point.label for point in made.points] == ["NVIDIA A100", "NVIDIA T4", "NVIDIA H200"]
    assert (made.x.scale, made.y.scale, made.note) == ("linear", "linear", "")


def test_wide_axes_are_logarithmic_and_a_free_machine_keeps_its_axis_linear() -> None:
    made = chart(device("NVIDIA H200", 2.6), device("CPU", 2600.0))
    assert made is not None
    assert (made.x.scale, made.y.scale) == ("log", "log")
    free = chart(
        device("NVIDIA H200", 2.6), device("CPU", 2600.0), prices=PriceList(by_device={"*H200": 0, "CPU": 1})
    )
    assert free is not None
    assert (free.x.scale, free.y.scale) == ("linear", "log")


def test_without_a_price_energy_takes_its_place_and_without_energy_there_is_no_chart() -> None:
    energy = chart(device("NVIDIA H200", 2.6), device("NVIDIA A100", 5.2), prices=UNPRICED)
    assert energy is not None
    assert energy.x.title == "energy to target, J"
    electricity = PriceList(Prices(price_per_kwh=0.3))
    priced = chart(device("NVIDIA H200", 2.6), device("NVIDIA A100", 5.2), prices=electricity)
    assert priced is not None
    assert priced.x.title == "cost of the electricity to target, $"
    unmetered = device("NVIDIA H200", 2.6), device("NVIDIA A100", 5.2, joules=None)
    assert chart(*unmetered, prices=UNPRICED) is None


def test_a_device_without_a_price_is_left_out_by_name() -> None:
    made = chart(device("NVIDIA H200", 2.6), device("NVIDIA A100", 5.2), device("NVIDIA L4", 9.0))
    assert made is not None
    assert made.note == "Not shown, since cost or time is unknown: NVIDIA L4."
    assert len(made.points) == 2
