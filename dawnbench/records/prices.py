"""What the user pays for a machine and for electricity, as given to a command or recorded with a run."""

from __future__ import annotations

import math
from dataclasses import dataclass

from dawnbench.errors import DawnbenchError
from dawnbench.records.bounds import Price


@dataclass(frozen=True, slots=True)
class Prices:
    """What the user pays; None for a price that was not given.

    Raises:
        DawnbenchError: a price is negative, infinite or not a number.
    """

    cost_per_hour: Price | None = None
    """Dollars per hour for the whole machine or cloud instance."""
    price_per_kwh: Price | None = None
    """Dollars per kilowatt-hour of electricity."""
    grams_per_kwh: Price | None = None
    """Grams of CO2 equivalent emitted per kilowatt-hour of electricity."""

    def __post_init__(self) -> None:
        for name, value in (
            ("cost per hour", self.cost_per_hour),
            ("price per kWh", self.price_per_kwh),
            ("grams per kWh", self.grams_per_kwh),
        ):
            if value is not None:
                checked_price(value, f"the {name}")

    def or_else(self, others: Prices) -> Prices:
        """Return these prices, with those of `others` for the ones that are not given here."""
        mine = (self.cost_per_hour, self.price_per_kwh, self.grams_per_kwh)
        theirs = (others.cost_per_hour, others.price_per_kwh, others.grams_per_kwh)
        return Prices(*(b if a is None else a for a, b in zip(mine, theirs, strict=True)))


NO_PRICES = Prices()


def checked_price(value: object, what: str) -> float:
    """Return the value as a number.

    Raises:
        DawnbenchError: it is negative, infinite or not a number; the message calls it `what`.
    """
    if isinstance(value, int | float) and not isinstance(value, bool):
        try:
            number = float(value)
        except OverflowError:
            number = math.inf
        if math.isfinite(number) and number >= 0:
            return number
    raise DawnbenchError(f"{what} is {value!r}; give a number of 0 or more")
