"""Devices by what reaching the target takes on them in time and in money, or in energy."""

from __future__ import annotations

from collections.abc import Sequence

from dawnbench.records.rules import stops_at_target
from dawnbench.report.charts.chart import Axis, Chart, Color, Line, Point, Scale
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
    front = set(found.front)
    lines = [
        _line("Pareto front", [one for one in placed if one.label in front], "blue", joined=True),
        _line("other devices", [one for one in placed if one.label not in front], "grey", joined=False),
    ]
    to_goal = "to target" if stops_at_target(rule) else "of a trial"
    label, unit = LABELS[found.against]
    unknown = f"Not shown, since cost or time is unknown: {', '.join(found.left_out)}."
    return Chart(
        title=title,
        x=Axis(f"{label} {to_goal}", unit, digits=5, scale=_scale([one.amount for one in placed])),
        y=Axis(f"time {to_goal}", "s", digits=3, scale=_scale([one.seconds for one in placed])),
        lines=[line for line in lines if len(line.x)],
        points=[Point(one.amount, one.seconds, label=one.label) for one in placed],
        note=unknown if found.left_out else "",
    )


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
