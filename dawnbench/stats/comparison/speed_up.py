"""How many times as fast a trial is on more devices of one kind, and how much of the ideal that is."""

from __future__ import annotations

import math
from dataclasses import dataclass

from dawnbench.records.trial_set import TrialSet
from dawnbench.stats.comparison.outcome import Comparison
from dawnbench.stats.intervals import Interval


@dataclass(frozen=True, slots=True)
class SpeedUp:
    """The time on fewer devices over the time on more of them, under the rule of the verdict."""

    rule: str
    devices: tuple[int, int]
    """The smaller number first."""
    nodes: tuple[int, int]
    """How many machines each of these are in."""
    value: float
    """Of the means, with misses counted."""
    interval: Interval | None
    """99 %, from that of the comparison's ratio; None with too few trials."""

    @property
    def ideal(self) -> float:
        """The speed-up if no device ever waited: how many times as many there are."""
        return self.devices[1] / self.devices[0]

    @property
    def efficiency(self) -> float:
        """The speed-up as a fraction of the ideal."""
        return self.value / self.ideal

    @property
    def efficiency_interval(self) -> Interval | None:
        """99 %."""
        if self.interval is None:
            return None
        return Interval(self.interval.low / self.ideal, self.interval.high / self.ideal)


def speed_up(comparison: Comparison) -> SpeedUp | None:
    """Return what more devices bring.

    None if the two do not differ in the number of devices, if they differ in what was trained, the kind of
    device or the precision as well, or if one has no time.
    """
    reference, other, found = comparison.reference, comparison.other, comparison.differences
    ratio = comparison.verdict.ratio
    if reference.devices == other.devices or found.devices is None or found.refusals:
        return None
    if reference.precision != other.precision or ratio is None or not 0 < ratio.value < math.inf:
        return None
    fewer, more = sorted((reference, other), key=_devices)
    interval, value = ratio.interval, ratio.value
    if more is other:
        value = 1 / value
        interval = None if interval is None else Interval(_inverse(interval.high), _inverse(interval.low))
    return SpeedUp(
        comparison.verdict.rule,
        (fewer.devices, more.devices),
        (fewer.nodes, more.nodes),
        value,
        interval,
    )


def speed_up_sentence(found: SpeedUp) -> str:
    """Return the speed-up and the efficiency with their intervals."""
    places = [f" on {nodes} nodes" if nodes > 1 else "" for nodes in found.nodes]
    fewer, more = f"{found.devices[0]}{places[0]}", f"{found.devices[1]} devices{places[1]}"
    times = shares = ""
    # Without a bound on either side, most trials of one side missed the target.
    if (bounds := found.interval) is not None and bounds.low > 0 and bounds.high < math.inf:
        low, high = (100 * bound / found.ideal for bound in (bounds.low, bounds.high))
        times = f" (99 % interval {bounds.low:.2f} to {bounds.high:.2f})"
        shares = f" ({low:.1f} to {high:.1f} %)"
    return (
        f"Speed-up of {more} over {fewer}: {found.value:.2f}{times}, an efficiency of "
        f"{100 * found.efficiency:.1f} %{shares}"
    )


def _devices(series: TrialSet) -> int:
    return series.devices


def _inverse(value: float) -> float:
    return math.inf if value == 0 else 1 / value
