from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dawnbench.errors import DawnbenchError
from dawnbench.records.prices import Prices
from dawnbench.stats.cost import cost_of_energy, cost_of_time, dollars, emission_of_energy

amounts = st.floats(0, 1e9)


def test_an_hour_costs_the_hourly_price() -> None:
    assert cost_of_time(3600, Prices(cost_per_hour=24.48)) == 24.48
    assert cost_of_time(9, Prices(cost_per_hour=24)) == pytest.approx(0.06)


def test_a_kilowatt_hour_costs_and_emits_the_given_amounts() -> None:
    prices = Prices(price_per_kwh=0.30, grams_per_kwh=380)
    assert cost_of_energy(3.6e6, prices) == 0.30
    assert emission_of_energy(3.6e6, prices) == 380
    assert emission_of_energy(1800, prices) == pytest.approx(0.19)  # a kilowatt for 1.8 s


def test_without_a_price_there_is_no_guess() -> None:
    nothing = Prices()
    assert cost_of_time(10, nothing) is None
    assert cost_of_energy(10, nothing) is None
    assert emission_of_energy(10, nothing) is None
    only_rent = Prices(cost_per_hour=1)
    assert cost_of_energy(10, only_rent) is None
    assert emission_of_energy(10, only_rent) is None


def test_without_a_measurement_there_is_no_cost() -> None:
    prices = Prices(1, 1, 1)
    assert cost_of_time(None, prices) is None
    assert cost_of_energy(None, prices) is None
    assert emission_of_energy(None, prices) is None


def test_a_price_of_zero_costs_nothing() -> None:
    assert cost_of_time(10, Prices(0, 0, 0)) == 0
    assert cost_of_energy(10, Prices(0, 0, 0)) == 0


@given(amounts, amounts, amounts)
def test_twice_the_time_at_half_the_price_costs_the_same(seconds: float, joules: float, price: float) -> None:
    full, half = Prices(price, price, price), Prices(price / 2, price / 2, price / 2)
    assert cost_of_time(2 * seconds, half) == pytest.approx(cost_of_time(seconds, full), abs=1e-300)
    assert cost_of_energy(2 * joules, half) == pytest.approx(cost_of_energy(joules, full), abs=1e-300)
    assert emission_of_energy(2 * joules, half) == pytest.approx(emission_of_energy(joules, full), abs=1e-300)


@pytest.mark.parametrize("name", ["cost_per_hour", "price_per_kwh", "grams_per_kwh"])
@pytest.mark.parametrize("value", [-0.01, math.nan, math.inf, -math.inf, 10**400, True, "3"])
def test_an_invalid_price_is_refused_with_its_name_and_value(name: str, value: object) -> None:
    words = name.replace("_", " ").replace("kwh", "kWh")
    with pytest.raises(DawnbenchError, match=f"the {words} is .*; give a number of 0 or more"):
        Prices(**{name: value})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "-"),
        (0.0, "$0.00"),
        (0.00253, "$0.00253"),
        (0.0641, "$0.0641"),
        (0.5, "$0.500"),
        (1, "$1.00"),
        (358.224, "$358.22"),
    ],
)
def test_money_is_shown_with_significant_digits(value: float | None, shown: str) -> None:
    assert dollars(value) == shown
