from __future__ import annotations

import math
import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given

from dawnbench.export.bencher import bencher
from dawnbench.stats.regression.judgement import Judgement
from tests.export.judgements import JUDGEMENT, TIME, UNCOMPARABLE, judgements, strict_json

SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
BUILT_IN = {"latency", "throughput", "build-time", "file-size"}


def check_format(content: Any) -> None:
    """The rules of the Bencher Metric Format: bmf.json, and what its service asks of names and measures."""
    assert isinstance(content, dict)
    for benchmark, measures in content.items():
        assert 1 <= len(benchmark.encode("utf-8")) <= 1024
        assert isinstance(measures, dict)
        assert measures
        for measure, metric in measures.items():
            assert SLUG.fullmatch(measure)
            assert len(measure) <= 64
            assert measure not in BUILT_IN  # whose units are fixed, and others than ours
            assert "value" in metric
            assert set(metric) <= {"value", "lower_value", "upper_value"}
            assert all(isinstance(v, float) and math.isfinite(v) for v in metric.values())
            low, high = metric.get("lower_value", -math.inf), metric.get("upper_value", math.inf)
            assert low <= metric["value"] <= high


@given(judgements())
def test_any_judgement_keeps_the_rules_of_the_format(judgement: Judgement) -> None:
    check_format(strict_json(bencher(judgement)))


def test_a_figure_goes_under_a_measure_that_says_its_unit() -> None:
    assert strict_json(bencher(JUDGEMENT)) == {
        "davidnet on NVIDIA H200, dawnbench rule": {
            "time-seconds": {"value": 2.65, "lower_value": 2.625, "upper_value": 2.66},
            "epochs-to-target": {"value": 6.0},
            "accuracy-percent": {"value": 94.02, "lower_value": 93.97, "upper_value": 94.08},
        }
    }


def test_without_any_figure_the_object_is_empty() -> None:
    assert strict_json(bencher(UNCOMPARABLE)) == {}


@pytest.mark.parametrize(
    ("interval", "lower", "upper"), [((2.7, 2.8), 2.65, 2.8), ((2.0, 2.5), 2.0, 2.65), ((2.8, 2.0), 2.0, 2.8)]
)
def test_an_interval_beside_the_mean_is_widened_to_hold_it(
    interval: tuple[float, float], lower: float, upper: float
) -> None:
    judgement = replace(JUDGEMENT, gates=(replace(TIME, interval=interval),))
    (measures,) = strict_json(bencher(judgement)).values()
    assert measures["time-seconds"] == {"value": 2.65, "lower_value": lower, "upper_value": upper}


@pytest.mark.parametrize("letter", ["é", "🙂", "\ud800"])
def test_a_name_of_any_length_is_cut_to_what_bencher_takes(letter: str) -> None:
    content = strict_json(bencher(replace(JUDGEMENT, device_name=letter * 2000)))
    check_format(content)
    (name,) = content
    assert name.startswith("davidnet on ")
    assert len(name.encode("utf-8")) > 1000
