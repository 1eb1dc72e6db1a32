"""Which prices hold for a run: those given to the reader, else recorded with the run, else configured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Protocol

from dawnbench.errors import DawnbenchError
from dawnbench.records.prices import NO_PRICES, Prices


class Priced(Protocol):
    """A run, or a set of trials, that may have recorded prices."""

    @property
    def device_name(self) -> str:
        """What [cost] in the configuration is looked up by."""

    @property
    def devices(self) -> int:
        """How many of that device trained together."""

    @property
    def prices(self) -> Prices:
        """Those recorded with it."""


@dataclass(frozen=True, slots=True)
class PriceList:
    """All prices that a reader knows besides those that a run recorded."""

    given: Prices = NO_PRICES
    """With the command."""
    by_device: Mapping[str, float] = field(default_factory=dict)
    """Configured dollars per hour of one device, by its name or a shell pattern."""
    energy: Prices = NO_PRICES
    """Configured for electricity, whatever the device."""
    path: Path = Path()
    """The configuration file, which messages name."""

    def prices_of(self, run: Priced) -> Prices:
        """Return the prices given with the command, else recorded with the run, else configured.

        A configured price is that of one device and counts as many times as devices trained; the others are
        for the whole machine.

        Raises:
            DawnbenchError: the price of the machine is configured, and different ones match the device.
        """
        known = self.given.or_else(run.prices).or_else(self.energy)
        if known.cost_per_hour is None:
            of_one = self.configured_cost(run.device_name)
            return replace(known, cost_per_hour=None if of_one is None else run.devices * of_one)
        return known

    def configured_cost(self, device_name: str) -> float | None:
        """Return a device's configured dollars per hour, by name, else by pattern; None if nothing matches.

        Raises:
            DawnbenchError: patterns with different prices match.
        """
        if device_name in self.by_device:
            return self.by_device[device_name]
        fitting = {key: price for key, price in self.by_device.items() if fnmatchcase(device_name, key)}
        if len(set(fitting.values())) > 1:
            prices = " and ".join(f'"{pattern}" = {price:g}' for pattern, price in fitting.items())
            raise DawnbenchError(
                f"{self.path}: under [cost], {prices} all match {device_name}; "
                f'add "{device_name}" with its own price'
            )
        return next(iter(fitting.values()), None)


UNPRICED = PriceList()
