"""Time against money, or against energy if no prices are known: which devices no other beats in both."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from dawnbench.stats.spending import Spending

Against = Literal["cost", "electricity", "energy"]
"""What time is set against: the machine's cost, that of its electricity, or its energy."""

AMOUNTS: dict[Against, Callable[[Spending], float | None]] = {
    "cost": lambda spent: spent.dollars,
    "electricity": lambda spent: spent.electricity_dollars,
    "energy": lambda spent: spent.joules,
}


@dataclass(frozen=True, slots=True)
class Placed:
    """A device that has a time and an amount."""

    label: str
    seconds: float
    amount: float
    """Dollars or joules."""


@dataclass(frozen=True, slots=True)
class TradeOff:
    """Devices by time and amount."""

    against: Against
    placed: tuple[Placed, ...]
    """At least two."""
    left_out: tuple[str, ...]
    """The labels of the other devices."""

    @property
    def front(self) -> list[str]:
        """The Pareto front: no other device is as good in both time and amount and better in one."""
        return [
            one.label
            for one in self.placed
            if not any(
                other.seconds <= one.seconds
                and other.amount <= one.amount
                and (other.seconds, other.amount) != (one.seconds, one.amount)
                for other in self.placed
            )
        ]


def trade_off(spent: Mapping[str, Spending]) -> TradeOff | None:
    """Return time against the first of cost, electricity and energy that two devices have; None if none is.

    `spent` is what reaching the target takes by the device's label.
    """
    for against, read in AMOUNTS.items():
        placed = []
        for label, one in spent.items():
            amount = read(one)
            if one.seconds is not None and amount is not None:
                placed.append(Placed(label, one.seconds, amount))
        if len(placed) > 1:
            labels = {one.label for one in placed}
            return TradeOff(against, tuple(placed), tuple(label for label in spent if label not in labels))
    return None
