"""Devices by what reaching the target takes on them in time and in money, or in energy."""

from __future__ import annotations

from collections.abc import Sequence

from dawnbench.records.rules import stops_at_target
from dawnbench.report.charts.chart import Axis, Chart, Color, Line, Point, Scale
from dawnbench.report.units import percent
from dawnbench.stats.comparison.devices import Against, DeviceComparison, DeviceResult

WIDE = 10.0
"""From this ratio of the largest value to the smallest an axis is logarithmic."""
Placed = tuple[DeviceResult, float, float]
"""A device with its seconds and its dollars or joules."""
LABELS: dict[Against, tuple[str, str]] = {
    "cost": ("cost of the machine", "$"),
    "electricity": ("cost of the electricity", "$"),
    "energy": ("energy", "J"),
}


def devices_chart(found: DeviceComparison) -> Chart | None:
    """Return time against cost, or energy if no prices are known; None without two devices that have both.

    The devices on the Pareto front are joined by the first line; the others are on the second.
    """
    against = found.against
    if against is None:
        return None
    placed = sorted(found.placed(against), key=lambda one: (one[2], one[1]))
    front = {device.label for device in found.front(against)}
    lines = [
        _line("Pareto front", [one for one in placed if one[0].label in front], "blue", joined=True),
        _line("other devices", [one for one in placed if one[0].label not in front], "grey", joined=False),
    ]
    first = found.devices[0].series
    to_goal = "to target" if stops_at_target(found.rule) else "of a trial"
    label, unit = LABELS[against]
    left_out = [
        device.label for device in found.devices if device.label not in {one[0].label for one in placed}
    ]
    return Chart(
        title=f"{first.identity.recipe} to {percent(first.target)} on {first.data.source}, {found.rule} rule",
        x=Axis(f"{label} {to_goal}", unit, digits=4, scale=_scale([amount for *_, amount in placed])),
        y=Axis(f"time {to_goal}", "s", digits=3, scale=_scale([seconds for _, seconds, _ in placed])),
        lines=[line for line in lines if len(line.x)],
        points=[Point(amount, seconds, label=one.label) for one, seconds, amount in placed],
        note=f"Not shown, since cost or time is unknown: {', '.join(left_out)}." if left_out else "",
    )


def _line(label: str, placed: Sequence[Placed], color: Color, *, joined: bool) -> Line:
    return Line(
        label,
        [amount for *_, amount in placed],
        [seconds for _, seconds, _ in placed],
        color,
        thick=True,
        dashed=True,
        dots=True,
        names=[one.label for one, *_ in placed],
        key=label,
        joined=joined,
    )


def _scale(values: Sequence[float]) -> Scale:
    return "log" if min(values) > 0 and max(values) / min(values) >= WIDE else "linear"
