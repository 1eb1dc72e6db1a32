"""What a trial spends and what that costs, as sentences; an unknown figure is a dash with its reason."""

from __future__ import annotations

from collections.abc import Iterator

from dawnbench.records.prices import Prices
from dawnbench.records.rules import is_per_image, stops_at_target
from dawnbench.report.units import significant
from dawnbench.stats.cost import MILLION, cost_of_energy, dollars, emission_of_energy
from dawnbench.stats.spending import Spending
from dawnbench.stats.trial_summary import Summary


def up_to(rule: str) -> str:
    """Return up to what a rule's time, energy and cost count."""
    if is_per_image(rule):
        return "per million images"
    return "to target" if stops_at_target(rule) else "per trial"


def times_of(rule: str) -> int:
    """Return how many of what a rule's figures are of a cost covers: a million images, or one trial."""
    return MILLION if is_per_image(rule) else 1


def energy_sentence(found: Spending) -> str:
    """Return the energy under a rule as a sentence."""
    energy = found.joules if found.joules is None else times_of(found.rule) * found.joules
    return f"Energy {up_to(found.rule)} under {found.rule}: {_known(_joules(energy), found.no_joules)}."


def cost_sentences(found: Spending, summary: Summary) -> Iterator[str]:
    """Yield what a trial costs, as far as prices are known; `summary` is of the same trials."""
    prices, to_goal, times = found.prices, up_to(found.rule), times_of(found.rule)
    joules = None if found.joules is None else times * found.joules
    if prices.cost_per_hour is not None:
        spent = None if found.dollars is None else times * found.dollars
        cost = _known(dollars(spent), found.no_dollars)
        yield f"Cost {to_goal} under {found.rule}: {cost}{_at(cost, dollars(prices.cost_per_hour), 'hour')}."
    yield from _of_energy(to_goal, joules, found.no_joules, prices)
    if stops_at_target(found.rule) and summary.energy is not None:
        yield from _of_energy("per trial", summary.energy.mean, "", prices)


def price_facts(prices: Prices) -> str:
    """Return the prices that are known, such as `$3.50 per hour, $0.300 per kWh`; empty if there are none."""
    known = [
        (prices.cost_per_hour, "{} per hour", dollars),
        (prices.price_per_kwh, "{} per kWh", dollars),
        (prices.grams_per_kwh, "{} g CO2e per kWh", "{:g}".format),
    ]
    return ", ".join(text.format(shown(value)) for value, text, shown in known if value is not None)


def _of_energy(to_goal: str, joules: float | None, unknown: str, prices: Prices) -> Iterator[str]:
    if prices.price_per_kwh is not None:
        cost = _known(dollars(cost_of_energy(joules, prices)), unknown)
        yield f"Electricity {to_goal}: {cost}{_at(cost, dollars(prices.price_per_kwh), 'kWh')}."
    if prices.grams_per_kwh is not None:
        grams = emission_of_energy(joules, prices)
        shown = _known("-" if grams is None else f"{significant(grams)} g CO2e", unknown)
        yield f"Carbon {to_goal}: {shown}{_at(shown, f'{prices.grams_per_kwh:g} g', 'kWh')}."


def _joules(value: float | None) -> str:
    return "-" if value is None else f"{significant(value)} J"


def _known(shown: str, unknown: str) -> str:
    return f"-, since {unknown}" if shown == "-" else shown


def _at(shown: str, price: str, unit: str) -> str:
    return "" if shown.startswith("-") else f" at {price} per {unit}"
