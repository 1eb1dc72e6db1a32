"""Comparisons as JSON, for `dawnbench compare --json`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from dawnbench.export.gates import as_json
from dawnbench.records.bounds import finite
from dawnbench.records.trial_set import TrialSet
from dawnbench.stats.comparison.outcome import Comparison
from dawnbench.stats.comparison.sentences import remedy, verdict_sentence
from dawnbench.stats.cost import Prices, cost_of_energy, cost_of_time, emission_of_energy
from dawnbench.stats.trial_values import spent_energies


def comparisons_json(found: Iterable[tuple[Comparison, tuple[Prices, Prices]]]) -> str:
    """Return an array with one object per comparison; each comes with the prices of its two machines.

    Keys: `verdict` (the word), `sentence`, `reference` and `other` (each `name`, `recipe`, `device`,
    `fingerprint`, `trials`, and by the verdict's rule the `dollars` of the machine, the `joules`, and of
    these the `electricity_dollars` and the `grams` of CO2 equivalent), `pairs`, `times` (one per rule, the
    rule of the verdict first; seconds), `accuracy_points`, `p_accuracy`, `energy_ratio`, `differences` and
    `cautions` (sentences), `remedy` (how many more trials a verdict takes and how to run them, or null). An
    `interval` is that of the test that decides, at 1 - `level`. A missing or infinite figure is null.
    """
    return as_json(finite([_comparison(comparison, prices) for comparison, prices in found]))


def _comparison(comparison: Comparison, prices: tuple[Prices, Prices]) -> dict[str, Any]:
    time = comparison.verdict
    both = (comparison.reference, comparison.other)
    reference, other = (
        _side(series, time.rule, seconds, price)
        for series, seconds, price in zip(both, time.seconds, prices, strict=True)
    )
    needed = remedy(comparison)
    return {
        "verdict": time.word,
        "sentence": verdict_sentence(comparison),
        "reference": reference,
        "other": other,
        "pairs": comparison.paired,
        "times": [asdict(time) for time in comparison.times],
        "accuracy_points": None if comparison.accuracy is None else asdict(comparison.accuracy),
        "p_accuracy": comparison.p_accuracy,
        "energy_ratio": None if comparison.energy is None else asdict(comparison.energy),
        "differences": comparison.differences.refusals,
        "cautions": comparison.differences.cautions,
        "remedy": None if needed is None else str(needed),
    }


def _side(series: TrialSet, rule: str, seconds: float | None, price: Prices) -> dict[str, Any]:
    energy = spent_energies(series, rule)
    joules = energy.expected if energy.reached else None
    return {
        "name": series.name,
        "recipe": series.recipe_name,
        "device": series.device_name,
        "fingerprint": series.data.fingerprint,
        "trials": len(series.counting),
        "dollars": cost_of_time(seconds, price),
        "joules": joules,
        "electricity_dollars": cost_of_energy(joules, price),
        "grams": emission_of_energy(joules, price),
    }
