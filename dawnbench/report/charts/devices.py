"""Devices by what reaching the target takes on them in time and in money, or in energy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dawnbench.records.rules import is_per_image, stops_at_target
from dawnbench.report.charts.chart import Axis, Chart, Color, Line, Point, Scale
from dawnbench.stats.cost import MILLION
from dawnbench.stats.trade_off import Against, Placed, TradeOff

WIDE = 10.0
"""From this ratio of the largest value to the smallest an axis is logarithmic."""
LABELS: dict[Against, tuple[str, str]] = {
    "cost": ("cost of the machine", "$"),
    "electricity": ("cost of the electricity", "$"),
    "energy": ("energy", "J"),
}


def devices_chart(found: TradeOff, rule: str, title: str) -> Chart:
    """Return time against cost or energy by a timing rule.

    The devices on the Pareto front are joined by the first line; the others are on the second.
    """
    placed = sorted(found.placed, key=lambda one: (one.amount, one.seconds))
    if is_per_image(rule):
        placed = [_of_images(one, found.against) for one in placed]
    front = set(found.front)
    lines = [
        _line("Pareto front", [one for one in placed if one.label in front], "blue", joined=True),
        _line("other devices", [one for one in placed if one.label not in front], "grey", joined=False),
    ]
    to_goal = "to target" if stops_at_target(rule) else "of a trial"
    label, unit = LABELS[found.against]
    time = Axis(f"time {to_goal}", "s", digits=3)
    if is_per_image(rule):
        to_goal = "of an image" if found.against == "energy" else "per million images"
        time = Axis("latency", "ms", digits=4)
        unit = "mJ" if found.against == "energy" else unit
    unknown = f"Not shown, since cost or time is unknown: {', '.join(found.left_out)}."
    return Chart(
        title=title,
        x=Axis(f"{label} {to_goal}", unit, digits=5, scale=_scale([one.amount for one in placed])),
        y=replace(time, scale=_scale([one.seconds for one in placed])),
        lines=[line for line in lines if len(line.x)],
        points=[Point(one.amount, one.seconds, label=one.label) for one in placed],
        note=unknown if found.left_out else "",
    )


def _of_images(one: Placed, against: Against) -> Placed:
    """Return a device with milliseconds of an image, and millijoules of it or dollars per million images."""
    amount = one.amount * (1000 if against == "energy" else MILLION)
    return Placed(one.label, 1000 * one.seconds, amount)


def _line(label: str, placed: Sequence[Placed], color: Color, *, joined: bool) -> Line:
    return Line(
        label,
        [one.amount for one in placed],
        [one.seconds for one in placed],
        color,
        thick=True,
        dashed=True,
        dots=True,
        names=[one.label for one in placed],
        key=label,
        joined=joined,
    )


def _scale(values: Sequence[float]) -> Scale:
    return "log" if min(values) > 0 and max(values) / min(values) >= WIDE else "linear"
