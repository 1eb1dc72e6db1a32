"""A judgement's figures for github-action-benchmark, for its tool `customSmallerIsBetter`."""

from __future__ import annotations

from dawnbench.export.gates import as_json, finite_gates, series_name
from dawnbench.stats.regression.judgement import Gate, Judgement, Metric

LABELS: dict[Metric, str] = {
    "time": "time",
    "epochs": "epochs to target",
    "accuracy": "error rate (100 % - accuracy)",
    "energy": "energy",
}


def github_action_benchmark(judgement: Judgement) -> str:
    """Return a JSON array with one entry per metric that has a figure.

    - `name`: recipe, device, rule and metric; the action draws one chart per name.
    - `unit`, `value`: the run's mean. Smaller is always better: accuracy is given as 100 % minus accuracy.
    - `range`: the farther end of the 95 % interval of the mean, as "± 0.012"; left out if there is none.
    - `extra`: the verdict in words, the interval, and what was compared with what; the tooltip of the chart.

    The array is empty if there is no figure; the action then fails with "No benchmark result was found".

    Source: `BenchmarkResult` in the action's src/extract.ts. It reads null as 0, so nothing here is null.
    """
    series = series_name(judgement)
    return as_json(
        [
            _entry(judgement, gate, gate.measured, f"{series}: {LABELS[gate.metric]}")
            for gate in finite_gates(judgement)
            if gate.measured is not None
        ]
    )


def _entry(judgement: Judgement, gate: Gate, measured: float, name: str) -> dict[str, str | float]:
    smaller = 100 - measured if gate.metric == "accuracy" else measured
    extra = f"{gate.outcome}: {gate.sentence}\nrun {judgement.run} against {judgement.baseline}"
    # Rounded, or 100 - 94.02 reads 5.980000000000004.
    entry: dict[str, str | float] = {"name": name, "unit": gate.unit, "value": round(smaller, 9)}
    if gate.interval is not None:
        low, high = gate.interval
        entry["range"] = f"± {max(abs(measured - low), abs(high - measured)):.4g}"
        extra += f"\n95 % interval of the mean {gate.metric} {low:.6g} to {high:.6g} {gate.unit}"
    return entry | {"extra": extra}
