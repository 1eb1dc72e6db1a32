"""What time and energy cost, at prices the user gives; there is no price here to fall back on.

DAWNBench defines the cost of training as the time to the target times what the machine costs an hour, in US
dollars; so money here is dollars and is printed with a "$". Whoever enters another currency reads it so.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from dawnbench.errors import DawnbenchError

SECONDS_AN_HOUR = 3600
JOULES_A_KWH = 3.6e6


@dataclass(frozen=True, slots=True)
class Prices:
    """What the user pays; None where that was not said.

    Raises:
        DawnbenchError: a price is negative, infinite or no number.
    """

    cost_per_hour: float | None = None
    """Dollars an hour for the whole machine or cloud instance."""
    price_per_kwh: float | None = None
    """Dollars a kilowatt-hour of electricity."""
    grams_per_kwh: float | None = None
    """Grams of CO2 equivalent that a kilowatt-hour of electricity emits."""

    def __post_init__(self) -> None:
        for name, value in (
            ("cost per hour", self.cost_per_hour),
            ("price per kWh", self.price_per_kwh),
            ("grams per kWh", self.grams_per_kwh),
        ):
            if value is not None:
                checked_price(value, f"the {name}")


def checked_price(value: object, what: str) -> float:
    """Return the value as a number.

    Raises:
        DawnbenchError: it is negative, infinite or no number; the sentence calls it `what`.
    """
    if isinstance(value, int | float) and not isinstance(value, bool):
        try:
            number = float(value)
        except OverflowError:
            number = math.inf
        if math.isfinite(number) and number >= 0:
            return number
    raise DawnbenchError(f"{what} is {value!r}; give a number of 0 or more")


def cost_of_time(seconds: float | None, prices: Prices) -> float | None:
    """Return the dollars that the machine costs for so long; None without a price or a time."""
    if seconds is None or prices.cost_per_hour is None:
        return None
    return seconds / SECONDS_AN_HOUR * prices.cost_per_hour


def cost_of_energy(joules: float | None, prices: Prices) -> float | None:
    """Return the dollars that the electricity costs; None without a price or a reading."""
    if joules is None or prices.price_per_kwh is None:
        return None
    return joules / JOULES_A_KWH * prices.price_per_kwh


def emission_of_energy(joules: float | None, prices: Prices) -> float | None:
    """Return the grams of CO2 equivalent; None without a carbon intensity or a reading."""
    if joules is None or prices.grams_per_kwh is None:
        return None
    return joules / JOULES_A_KWH * prices.grams_per_kwh


def dollars(value: float | None) -> str:
    """Return money as $1.23, below a dollar with three digits that count; a dash for none."""
    if value is None:
        return "-"
    if value >= 1 or value == 0:
        return f"${value:.2f}"
    decimals = 2 - math.floor(math.log10(value))
    return f"${value:.{decimals}f}"
