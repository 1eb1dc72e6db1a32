"""Devices side by side, for a terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from statistics import fmean

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from dawnbench.records.rules import is_per_image
from dawnbench.report.text.costs import times_of, up_to
from dawnbench.report.text.scaling_study import amdahl_sentence
from dawnbench.report.units import percent, significant
from dawnbench.safe_text import plain
from dawnbench.stats.comparison.devices import DeviceComparison, DeviceResult
from dawnbench.stats.comparison.sentences import verdict_sentence
from dawnbench.stats.comparison.speed_up import speed_up, speed_up_sentence
from dawnbench.stats.cost import dollars
from dawnbench.stats.trade_off import Against
from dawnbench.stats.trial_values import accuracies

Figure = tuple[str, Callable[[DeviceResult], float | None], Callable[[float | None], str]]
CHEAPER: dict[Against, str] = {
    "cost": "cheaper",
    "electricity": "cheaper in electricity",
    "energy": "more economical with energy",
}
_NO_PRICES = "Fewer than two of them have a price; prices go under [cost] in config.toml."


def devices_report(found: DeviceComparison) -> RenderableType:
    """Return the table, why figures are missing, the verdicts, and which devices nothing beats."""
    first = found.devices[0].series
    subject = f"{first.identity.recipe} to {percent(first.target)} on {first.data.source}"
    legend = (
        f"{subject}, by the {found.rule} rule. {_covers(found.rule)}; below each "
        f"figure: relative to {first.name}."
    )
    law = found.law
    scaling = [] if law is None else [f"{amdahl_sentence(law, 'a trial', 'devices')}."]
    parts = ([*_dashes(found)], [*_verdicts(found), *scaling], [front_sentence(found)])
    return Group(
        Text(plain(legend), style="dim"),
        "",
        devices_table(found),
        *(Text(plain(line)) for part in parts if part for line in ("", *part)),
        *(Text(plain(f"! {note}"), style="yellow") for note in found.cautions),
    )


def devices_table(found: DeviceComparison) -> Table:
    """Return a row per device: its figures, and below each what it is relative to the first device's."""
    first = found.devices[0]
    times, image = times_of(found.rule), is_per_image(found.rule)

    def money(value: float | None) -> str:
        return dollars(None if value is None else times * value)

    def of_image(value: float | None) -> str:
        return _number(None if value is None else 1000 * value)

    figures: list[Figure] = [
        (
            "latency [ms]" if image else "time [s]",
            lambda one: one.spent.seconds,
            of_image if image else _number,
        ),
        (
            "energy [mJ]" if image else "energy [J]",
            lambda one: one.spent.joules,
            of_image if image else _number,
        ),
        ("cost", lambda one: one.spent.dollars, money),
    ]
    if any(one.spent.electricity_dollars is not None for one in found.devices):
        figures.append(("electricity", lambda one: one.spent.electricity_dollars, money))
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for i, column in enumerate(["device", *(title for title, _, _ in figures), "accuracy [%]"]):
        # Folded, since a truncated number reads as a different one.
        table.add_column(Text(column), justify="right" if i else "left", overflow="fold")
    for one in found.devices:
        cells = [_cell(shown(read(one)), _times(read(one), read(first))) for _, read, shown in figures]
        trials = one.series.counting
        reached = f"{sum(trial.reached for trial in trials)} of {len(trials)} reached it"
        table.add_row(_cell(plain(one.label), reached), *cells, _accuracy(one))
    return table


def _covers(rule: str) -> str:
    """Return what the figures of a row are of."""
    if is_per_image(rule):
        return f"Latency and energy are of an image, cost is {up_to(rule)}"
    return f"Time, energy and cost are {up_to(rule)}"


def front_sentence(found: DeviceComparison) -> str:
    """Return which devices are on the Pareto front, or why there is none."""
    trade_off = found.trade_off
    if trade_off is None:
        return (
            "There is no figure of time against cost or energy: fewer than two devices have a time together "
            "with a price or an energy reading. Prices go under [cost] in config.toml."
        )
    front, against = trade_off.front, trade_off.against
    missing = f" {_NO_PRICES}" if against == "energy" else ""
    if len(front) == 1:
        return f"No other device is faster or {CHEAPER[against]} than {front[0]}.{missing}"
    names = f"{', '.join(front[:-1])} and {front[-1]}"
    return (
        f"Pareto front of time and {against}: {names}. For each of them, no other device is both faster and "
        f"{CHEAPER[against]}.{missing}"
    )


def _verdicts(found: DeviceComparison) -> Iterator[str]:
    for device in found.devices:
        if device.comparison is not None:
            yield f"{verdict_sentence(device.comparison)}."
            if (gained := speed_up(device.comparison)) is not None:
                yield f"{speed_up_sentence(gained)}."


def _dashes(found: DeviceComparison) -> Iterator[str]:
    """Yield why figures of a device are unknown, one sentence per reason."""
    for device in found.devices:
        spent = device.spent
        unknown = {"time": spent.no_seconds, "energy": spent.no_joules, "cost": spent.no_dollars}
        if not accuracies(device.series):
            unknown["accuracy"] = "no trial ran to its end"
        for reason in dict.fromkeys(filter(None, unknown.values())):
            what = " and no ".join(figure for figure, why in unknown.items() if why == reason)
            why = reason.removesuffix(f" for {device.series.device_name}")
            yield f"{device.label}: no {what}, since {why}."


def _accuracy(one: DeviceResult) -> Text:
    found = accuracies(one.series)
    if not found:
        return _cell("-", "")
    relative = "+0.00"
    if one.comparison is not None:
        difference = one.comparison.accuracy
        relative = "" if difference is None else f"{difference.value:+z.2f}"
    return _cell(f"{100 * fmean(found):.2f}", relative)


def _cell(value: str, relative: str) -> Text:
    return Text(value).append(f"\n{relative}", style="dim")


def _times(value: float | None, first: float | None) -> str:
    if value is None or not first:
        return ""
    return f"x {significant(value / first, 3)}"


def _number(value: float | None) -> str:
    return "-" if value is None else significant(value)
