"""A judgement's figures in the Bencher Metric Format, for `bencher run --adapter json`."""

from __future__ import annotations

from dawnbench.export.gates import as_json, finite_gates, series_name
from dawnbench.safe_text import encodable
from dawnbench.stats.regression.judgement import Gate, Judgement, Metric

# Bencher creates a measure for an unknown slug and gives it no unit, so the unit is in the name. Its built-in
# `latency` is in nanoseconds.
MEASURES: dict[Metric, str] = {
    "time": "time-seconds",
    "epochs": "epochs-to-target",
    "accuracy": "accuracy-percent",
    "energy": "energy-joules",
}
BY_IMAGE = {"ms": "latency-milliseconds", "mJ": "image-energy-millijoules"}
"""Measures of an inference run, which are of one image, by their unit."""
LONGEST_NAME = 1024
"""Bytes of UTF-8 that Bencher accepts in the name of a benchmark."""


def bencher(judgement: Judgement) -> str:
    """Return a JSON object: one benchmark, named by recipe, device and rule, with a measure for each figure.

    `lower_value` and `upper_value` are the ends of the 95 % interval of the mean, widened if necessary to
    include the mean. A metric without a figure is left out; without any figure the object is empty. Higher
    accuracy is better: give its measure a lower boundary, and the others an upper boundary.

    Source: Bencher's reference for the format and its schema bmf.json.
    """
    measures = {
        BY_IMAGE.get(gate.unit, MEASURES[gate.metric]): _metric(gate, gate.measured)
        for gate in finite_gates(judgement)
        if gate.measured is not None
    }
    name = encodable(series_name(judgement)).encode("utf-8")[:LONGEST_NAME].decode("utf-8", "ignore")
    return as_json({name: measures} if measures else {})


def _metric(gate: Gate, value: float) -> dict[str, float]:
    if gate.interval is None:
        return {"value": value}
    return {
        "value": value,
        "lower_value": min(value, *gate.interval),
        "upper_value": max(value, *gate.interval),
    }
