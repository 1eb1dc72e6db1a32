"""Devices side by side in a terminal of 80 columns."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from dawnbench.records.prices import Prices
from dawnbench.records.trial_set import TrialSet
from dawnbench.report.text.devices import devices_report
from dawnbench.stats.comparison.devices import compare_devices
from dawnbench.stats.price_list import UNPRICED, PriceList
from tests.cli.made_runs import steers, trials, words
from tests.report.figures import any_series, rendered, series

CONFIGURED = PriceList(by_device={"NVIDIA H200": 4.5, "NVIDIA A100": 1.3}, energy=Prices(price_per_kwh=0.3))


def shown(*sets: TrialSet, prices: PriceList = CONFIGURED, across: bool = False) -> str:
    return rendered(devices_report(compare_devices(sets, prices, across=across)))


def lines(text: str, device: str) -> list[list[str]]:
    """Return the words after a device's name, and those on the line below."""
    found = text.splitlines()
    start = next(i for i, line in enumerate(found) if line.startswith(device))
    return [found[start].removeprefix(device).split(), found[start + 1].split()]


def test_a_row_holds_the_figures_and_below_them_what_they_are_to_the_first_devices() -> None:
    h200 = series(trials(2.6))
    text = shown(h200, series(trials(5.2, joules=1400.0), "b", device_name="NVIDIA A100"))
    assert "davidnet to 94.00 % on cifar10, by the dawnbench rule. Time, energy and cost are to target" in (
        words(text)
    )
    assert "device time [s] energy [J] cost electricity accuracy [%]" in words(text)
    figures, relative = lines(text, "NVIDIA H200")
    assert figures == ["2.601", "630.0", "$0.00325", "$0.0000525", "94.06"]
    assert " ".join(relative) == "10 of 10 reached it x 1.00 x 1.00 x 1.00 x 1.00 +0.00"
    figures, relative = lines(text, "NVIDIA A100")
    assert figures == ["5.203", "1260", "$0.00188", "$0.000105", "94.06"]
    assert " ".join(relative) == "10 of 10 reached it x 2.00 x 2.00 x 0.578 x 2.00 +0.00"
    assert "NVIDIA A100 is slower than NVIDIA H200: 100.0 % more time" in words(text)
    assert (
        "Pareto front of time and cost: NVIDIA H200 and NVIDIA A100. "
        "For each of them, no other device is both faster and cheaper."
    ) in words(text)


def test_every_dash_has_its_own_reason() -> None:
    unmetered = series(trials(9.0, joules=None), "b", device_name="NVIDIA A100")
    missed = series(trials(missed=10), "c", device_name="NVIDIA L4")
    text = words(shown(series(trials()), unmetered, missed))
    assert "NVIDIA A100: no energy, since no energy was measured." in text
    assert "NVIDIA L4: no time and no energy, since no trial reached the target." in text
    assert "NVIDIA L4: no cost, since no price per hour is known." in text
    assert "$0.00 " not in text


def test_without_prices_the_front_is_of_time_and_energy() -> None:
    other = series(trials(5.2, joules=1400.0), "b", device_name="NVIDIA A100")
    text = words(shown(series(trials()), other, prices=UNPRICED))
    assert "No other device is faster or more economical with energy than NVIDIA H200." in text
    assert "Fewer than two of them have a price; prices go under [cost] in config.toml." in text
    assert "$" not in text


def test_with_neither_prices_nor_energy_that_is_said() -> None:
    other = series(trials(5.2, joules=None), "b", device_name="NVIDIA A100")
    text = words(shown(series(trials(joules=None)), other, prices=UNPRICED))
    assert "There is no figure of time against cost or energy: fewer than two devices have a time" in text


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@given(data=st.data())
def test_whatever_the_figures_80_columns_hold_them_whole(data: st.DataObject) -> None:
    has_trial = any_series().filter(lambda of: bool(of.trials))
    reference, other = data.draw(has_trial), data.draw(has_trial)
    if reference.identity == other.identity:
        return
    text = shown(reference, other, across=True, prices=PriceList(energy=Prices(3.5, 0.3, 380.0)))
    assert max(map(cell_len, text.splitlines())) <= 80
    assert "…" not in text
    assert not steers(text)
