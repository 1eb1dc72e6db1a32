"""Comparisons as JSON, for `dawnbench compare --json`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from dawnbench.export.gates import as_json
from dawnbench.records.bounds import finite
from dawnbench.records.trial_set import TrialSet
from dawnbench.stats.comparison.outcome import Comparison
from dawnbench.stats.comparison.sentences import verdict_sentence
from dawnbench.stats.price_list import PriceList
from dawnbench.stats.spending import spending


def comparisons_json(found: Iterable[Comparison], prices: PriceList) -> str:
    """Return an array with one object per comparison.

    Keys: `verdict` (the word), `sentence`, `reference` and `other` (each `name`, `recipe`, `device`,
    `fingerprint`, `trials`, and by the verdict's rule the `dollars` of the machine, the `joules`, and of
    these the `electricity_dollars` and the `grams` of CO2 equivalent), `pairs`, `times` (one per rule, the
    rule of the verdict first; seconds), `accuracy_points`, `p_accuracy`, `energy_ratio`, `differences` and
    `cautions` (sentences). A missing or infinite figure is null.
    """
    return as_json(finite([_comparison(comparison, prices) for comparison in found]))


def _comparison(comparison: Comparison, prices: PriceList) -> dict[str, Any]:
    time = comparison.verdict
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
        "differences": comparison.differences.refusals,
        "cautions": comparison.differences.cautions,
    }


def _side(series: TrialSet, rule: str, prices: PriceList) -> dict[str, Any]:
    spent = spending(series, rule, prices.prices_of(series))
    return {
        "name": series.name,
        "recipe": series.recipe_name,
        "device": series.device_name,
        "fingerprint": series.data.fingerprint,
        "trials": len(series.counting),
        "dollars": spent.dollars,
        "joules": spent.joules,
        "electricity_dollars": spent.electricity_dollars,
        "grams": spent.grams,
    }
