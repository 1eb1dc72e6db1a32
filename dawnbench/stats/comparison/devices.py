"""One recipe on several devices: what the target takes and costs on each, and which of them nothing beats."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from dawnbench.errors import DawnbenchError
from dawnbench.records.identity import RunIdentity
from dawnbench.records.rules import rule_for
from dawnbench.records.trial_set import TrialSet
from dawnbench.stats.comparison.comparable import differences, missing_rule
from dawnbench.stats.comparison.compare import compare
from dawnbench.stats.comparison.outcome import Comparison
from dawnbench.stats.pooling import pool_trials
from dawnbench.stats.power_law import AmdahlLaw, fit_amdahl
from dawnbench.stats.price_list import PriceList
from dawnbench.stats.spending import Spending, spending
from dawnbench.stats.trade_off import TradeOff, trade_off

OF_THE_DEVICE = (
    *("the devices", "the precisions", "the GPUs' power limits", "the processors", "the core counts"),
    "the thread counts",
)
"""How sentences begin about what makes the devices different, rather than the comparison doubtful."""

MIN_COUNTS = 3
"""Of devices, for a law: two times always lie on one."""


@dataclass(frozen=True, slots=True)
class DeviceResult:
    """The runs of one device."""

    label: str
    """The device's name, with whatever else tells it from the others."""
    series: TrialSet
    """The trials of all its runs, under that label."""
    runs: tuple[str, ...]
    """Their names."""
    spent: Spending
    comparison: Comparison | None
    """With the first device; None for the first itself."""


@dataclass(frozen=True, slots=True)
class DeviceComparison:
    """Devices side by side, in the order in which their runs were named."""

    rule: str
    devices: tuple[DeviceResult, ...]
    """At least two."""
    cautions: tuple[str, ...]
    """What differs besides the device, one sentence each."""

    @property
    def trade_off(self) -> TradeOff | None:
        """Time against cost or energy; None without two devices that have both."""
        return trade_off({device.label: device.spent for device in self.devices})

    @property
    def law(self) -> AmdahlLaw | None:
        """Amdahl's law of the time on several devices; None unless three numbers of one kind have a time."""
        apart = {(one.series.device_name, one.series.precision) for one in self.devices}
        refused = any(one.comparison.differences.refusals for one in self.devices if one.comparison)
        points = [(one.series.devices, one.spent.seconds) for one in self.devices if one.spent.seconds]
        if len(apart) > 1 or refused or len({devices for devices, _ in points}) < MIN_COUNTS:
            return None
        return fit_amdahl([devices for devices, _ in points], [seconds for _, seconds in points])


def compare_devices(
    opened: Sequence[TrialSet], prices: PriceList, *, rule: str | None = None, across: bool = False
) -> DeviceComparison:
    """Compare devices by their runs of one recipe on the same data; runs of one device are pooled.

    `across` allows different data, targets and recipes. A rule of None is that of the first run's kind.

    Raises:
        DawnbenchError: a run differs in more than the device or does not report the rule, all are of one
            device, or one price per hour was given for several devices.
    """
    rule = rule_for(opened[0].identity.kind, rule)
    for other in opened[1:]:
        _refuse(opened[0], other, rule, across)
    groups: dict[RunIdentity, list[TrialSet]] = {}
    for one in opened:
        groups.setdefault(one.identity, []).append(one)
    _check_devices(list(groups), prices)
    devices: list[DeviceResult] = []
    for label, runs in zip(_labels(list(groups.values())), groups.values(), strict=True):
        # Devices are compared trial by trial even if two are the sides of one campaign.
        pooled = replace(pool_trials(runs, label), name=label, pairing=None)
        devices.append(
            DeviceResult(
                label,
                pooled,
                tuple(run.name for run in runs),
                spending(pooled, rule, prices.prices_of(pooled)),
                compare(devices[0].series, pooled, rule=rule, across=True) if devices else None,
            )
        )
    return DeviceComparison(rule, tuple(devices), tuple(dict.fromkeys(_cautions(devices))))


def _refuse(first: TrialSet, other: TrialSet, rule: str, across: bool) -> None:
    found = differences(first, other)
    if found.kinds is not None:
        raise DawnbenchError(found.kinds)
    if (missing := missing_rule(first, other, rule)) is not None:
        raise DawnbenchError(missing)
    apart = [one for one in (found.data, found.rules, found.recipes) if one is not None]
    if apart and not across:
        raise DawnbenchError(
            f"{other.name} cannot be compared with {first.name}: {'; '.join(apart)}; "
            "add --across if this difference is what you want to measure"
        )


def _check_devices(identities: Sequence[RunIdentity], prices: PriceList) -> None:
    hardware = {one.hardware for one in identities}
    if len(identities) == 1:
        raise DawnbenchError(
            f"all of these trials ran on {identities[0].hardware} ({identities[0].conditions}); --devices "
            "compares at least two devices"
        )
    if prices.given.cost_per_hour is not None and len(hardware) > 1:
        raise DawnbenchError(
            f"one --cost-per-hour cannot be the price of {len(hardware)} devices; give each its own under "
            "[cost] in config.toml, or to the `dawnbench run` that measures it"
        )


def _cautions(devices: Sequence[DeviceResult]) -> Iterator[str]:
    labels = tuple(f"{device.label}: " for device in devices)
    for device in devices:
        if device.comparison is None:
            continue
        found = device.comparison.differences
        for said in (*found.refusals, *found.cautions):
            if not said.startswith(OF_THE_DEVICE):
                yield said if said.startswith(labels) else f"{device.label}: {said}"


def _labels(groups: Sequence[Sequence[TrialSet]]) -> list[str]:
    """Return a label for each group: the device, and as much else as tells it from the others."""
    firsts = [group[0] for group in groups]
    choices = [
        [one.identity.hardware for one in firsts],
        [f"{one.identity.hardware}, {one.identity.conditions}" for one in firsts],
        [f"{one.identity.hardware}, {one.identity.conditions}, {one.identity.recipe}" for one in firsts],
    ]
    unique = (labels for labels in choices if len(set(labels)) == len(labels))
    return next(unique, [f"{one.identity.hardware}, {one.name}" for one in firsts])
