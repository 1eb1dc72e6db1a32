"""What time and energy cost at the user's own prices; there are no default prices.

DAWNBench defines the cost of training as the time to the target times the machine's hourly price in US
dollars, so money here is in dollars and printed with a "$". The arithmetic holds for any other currency.
"""

from __future__ import annotations

import math

from dawnbench.records.prices import Prices

SECONDS_AN_HOUR = 3600
MILLION = 1_000_000
"""How many images the cost of inference is given for."""
JOULES_A_KWH = 3.6e6


def cost_of_time(seconds: float | None, prices: Prices) -> float | None:
    """Return what the machine costs for this time, in dollars; None without a price or a time."""
    if seconds is None or prices.cost_per_hour is None:
        return None
    return seconds / SECONDS_AN_HOUR * prices.cost_per_hour


def cost_of_energy(joules: float | None, prices: Prices) -> float | None:
    """Return what the electricity costs, in dollars; None without a price or a reading."""
    if joules is None or prices.price_per_kwh is None:
        return None
    return joules / JOULES_A_KWH * prices.price_per_kwh


def emission_of_energy(joules: float | None, prices: Prices) -> float | None:
    """Return the grams of CO2 equivalent; None without a carbon intensity or a reading."""
    if joules is None or prices.grams_per_kwh is None:
        return None
    return joules / JOULES_A_KWH * prices.grams_per_kwh


def dollars(value: float | None) -> str:
    """Format money as $1.23, with three significant digits below a dollar; a dash for None."""
    if value is None:
        return "-"
    if value >= 1 or value == 0:
        return f"${value:.2f}"
    decimals = 2 - math.floor(math.log10(value))
    return f"${value:.{decimals}f}"
