"""Comparisons as JSON, for `dawnbench compare --json`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from statistics import fmean
from typing import Any

from dawnbench.export.gates import as_json
from dawnbench.records.bounds import finite
from dawnbench.records.trial_set import TrialSet
from dawnbench.stats.comparison.devices import DeviceComparison, DeviceResult
from dawnbench.stats.comparison.outcome import Comparison
from dawnbench.stats.comparison.sentences import remedy, verdict_sentence
from dawnbench.stats.comparison.speed_up import SpeedUp, speed_up
from dawnbench.stats.price_list import PriceList
from dawnbench.stats.spending import spending
from dawnbench.stats.trial_values import accuracies


def comparisons_json(found: Iterable[Comparison], prices: PriceList) -> str:
    """Return an array with one object per comparison.

    Keys: `verdict` (the word), `sentence`, `reference` and `other` (each `name`, `recipe`, `device`,
    `fingerprint`, `trials`, and by the verdict's rule the `dollars` of the machine, the `joules`, and of
    these the `electricity_dollars` and the `grams` of CO2 equivalent), `pairs`, `times` (one per rule, the
    rule of the verdict first; seconds), `accuracy_points`, `p_accuracy`, `energy_ratio`, `stopping` (of a
    campaign with `--trials auto`, as in run.json), `differences` and `cautions` (sentences), `remedy` (how
    many more trials a verdict takes and how to run them, or null). An `interval` is that of the test that
    decides, at 1 - `level`. A missing or infinite figure is null. Only runs on different numbers of devices
    have `speed_up`: the `value` with its 99 % `interval` by `rule`, the `efficiency` (1 is ideal) with its
    `efficiency_interval`, and the numbers of `devices` and `nodes`, the fewer first.
    """
    return as_json(finite([_comparison(comparison, prices) for comparison in found]))


def devices_json(found: DeviceComparison) -> str:
    """Return an array with one object per device, in the order of `compare --devices`.

    Keys: `device` (its label), `device_name`, `devices` and `nodes` (left out for one device), `precision`,
    `runs` (names), `trials`, `reached`, `rule`, `seconds`, `joules`, `dollars`, `electricity_dollars` and
    `grams` to the target or of a trial, as the rule asks, `accuracy` (mean, 0 to 1), `relative` (`seconds`,
    `joules`, `dollars` and `electricity_dollars` over the first device's, and `accuracy_points` more than
    its), `verdict` and `sentence` (null for the first), `unknown` (why figures are null, by figure),
    `pareto_front` (of time and `against`, which is cost, electricity or energy; null if there is none) and
    `cautions`. An unknown figure is null. `speed_up`, compared with the first, is as in `comparisons_json`.
    """
    return as_json(finite([_device(found, device) for device in found.devices]))


def _device(found: DeviceComparison, device: DeviceResult) -> dict[str, Any]:
    spent, first, comparison = device.spent, found.devices[0].spent, device.comparison
    trade_off, accuracy = found.trade_off, accuracies(device.series)
    unknown = {"seconds": spent.no_seconds, "joules": spent.no_joules, "dollars": spent.no_dollars}
    points = None if comparison is None or comparison.accuracy is None else comparison.accuracy.value
    return {
        "device": device.label,
        "device_name": device.series.device_name,
        **device.series.identity.together,
        "precision": device.series.precision,
        "runs": device.runs,
        "trials": len(device.series.counting),
        "reached": sum(trial.reached for trial in device.series.counting),
        "rule": found.rule,
        "seconds": spent.seconds,
        "joules": spent.joules,
        "dollars": spent.dollars,
        "electricity_dollars": spent.electricity_dollars,
        "grams": spent.grams,
        "accuracy": fmean(accuracy) if accuracy else None,
        "relative": {
            "seconds": _over(spent.seconds, first.seconds),
            "joules": _over(spent.joules, first.joules),
            "dollars": _over(spent.dollars, first.dollars),
            "electricity_dollars": _over(spent.electricity_dollars, first.electricity_dollars),
            "accuracy_points": points,
        },
        "verdict": None if comparison is None else comparison.verdict.word,
        "sentence": None if comparison is None else verdict_sentence(comparison),
        **_gained(None if comparison is None else speed_up(comparison)),
        "unknown": {figure: why for figure, why in unknown.items() if why},
        "against": None if trade_off is None else trade_off.against,
        "pareto_front": None if trade_off is None else device.label in trade_off.front,
        "cautions": found.cautions,
    }


def _over(value: float | None, first: float | None) -> float | None:
    return None if value is None or not first else value / first


def _comparison(comparison: Comparison, prices: PriceList) -> dict[str, Any]:
    time = comparison.verdict
    stopping = comparison.reference.stopping if comparison.paired is not None else None
    needed, gained = remedy(comparison), speed_up(comparison)
    found = comparison.differences
    return {
        "verdict": time.word,
        "sentence": verdict_sentence(comparison),
        "reference": _side(comparison.reference, time.rule, prices),
        "other": _side(comparison.other, time.rule, prices),
        "pairs": comparison.paired,
        "times": [asdict(time) for time in comparison.times],
        "accuracy_points": None if comparison.accuracy is None else asdict(comparison.accuracy),
        "p_accuracy": comparison.p_accuracy,
        "energy_ratio": None if comparison.energy is None else asdict(comparison.energy),
        "stopping": None if stopping is None else asdict(stopping),
        "differences": found.refusals,
        "cautions": found.remarks if gained is None else found.cautions,
        "remedy": None if needed is None else str(needed),
        **_gained(gained),
    }


def _gained(found: SpeedUp | None) -> dict[str, Any]:
    if found is None:
        return {}
    bounds = found.efficiency_interval
    of_ideal = {
        "efficiency": found.efficiency,
        "efficiency_interval": None if bounds is None else asdict(bounds),
    }
    return {"speed_up": asdict(found) | of_ideal}


def _side(series: TrialSet, rule: str, prices: PriceList) -> dict[str, Any]:
    spent = spending(series, rule, prices.prices_of(series))
    return {
        "name": series.name,
        "recipe": series.recipe_name,
        "device": series.identity.hardware,
        "fingerprint": series.data.fingerprint,
        "trials": len(series.counting),
        "dollars": spent.dollars,
        "joules": spent.joules,
        "electricity_dollars": spent.electricity_dollars,
        "grams": spent.grams,
    }
