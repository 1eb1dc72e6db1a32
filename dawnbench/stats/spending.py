"""What a trial is expected to spend under a timing rule, and what that costs."""

from __future__ import annotations

from dataclasses import dataclass

from dawnbench.records.prices import Prices
from dawnbench.records.rules import stops_at_target
from dawnbench.records.trial_set import TrialSet
from dawnbench.stats.cost import cost_of_energy, cost_of_time, emission_of_energy
from dawnbench.stats.trial_values import spent_energies, spent_seconds


@dataclass(frozen=True, slots=True)
class Spending:
    """What a trial is expected to take under one rule, and what that costs.

    Under a rule that stops at the target it is what someone spends who retries until a trial reaches it, and
    under `inference` what one image takes.
    """

    rule: str
    seconds: float | None
    joules: float | None
    prices: Prices
    no_seconds: str = ""
    """Why the time is unknown, as a clause; empty if it is known."""
    no_joules: str = ""
    """Why the energy is unknown."""
    no_price: str = ""
    """Why the machine's price is unknown."""

    @property
    def dollars(self) -> float | None:
        """The machine's cost."""
        return cost_of_time(self.seconds, self.prices)

    @property
    def no_dollars(self) -> str:
        """Why the machine's cost is unknown; empty if it is known."""
        return self.no_price or self.no_seconds

    @property
    def electricity_dollars(self) -> float | None:
        """The cost of the electricity."""
        return cost_of_energy(self.joules, self.prices)

    @property
    def grams(self) -> float | None:
        """The emission in grams of CO2 equivalent."""
        return emission_of_energy(self.joules, self.prices)


def spending(series: TrialSet, rule: str, prices: Prices) -> Spending:
    """Return what a trial of a set is expected to take under a rule, at these prices."""
    took, spent = spent_seconds(series, rule), spent_energies(series, rule)
    missed = "no trial reached the target" if stops_at_target(rule) else "no trial finished"
    no_seconds = no_joules = no_price = ""
    if not took.reached:
        no_seconds = missed if took.missed else f"no trial has a time under the {rule} rule"
    if not spent.reached:
        no_joules = no_seconds or _why_no_joules(series)
    if prices.cost_per_hour is None:
        no_price = f"no price per hour is known for {series.device_name}"
    return Spending(
        rule,
        took.expected if took.reached else None,
        spent.expected if spent.reached else None,
        prices,
        no_seconds,
        no_joules,
        no_price,
    )


def _why_no_joules(series: TrialSet) -> str:
    for trial in series.counting:
        if trial.inference is not None and trial.inference.energy_unknown is not None:
            return trial.inference.energy_unknown
    measured = any(trial.energy_joules is not None for trial in series.counting)
    return "no reading covers it" if measured else "no energy was measured"
