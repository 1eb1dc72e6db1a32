from __future__ import annotations

import pytest

from dawnbench.records.schema import Reading
from dawnbench.report.units import (
    flops,
    joules,
    metric_name,
    number_bytes,
    of_all_gpus,
    percent,
    reading,
    seconds,
)


@pytest.mark.parametrize("figure", [seconds, percent, number_bytes, joules])
def test_what_was_not_measured_is_a_dash(figure: object) -> None:
    assert figure(None) == "-"  # type: ignore[operator]


@pytest.mark.parametrize(
    ("value", "text"), [(0.0, "0.000 s"), (1.2844, "1.284 s"), (99.5, "99.500 s"), (1234.56, "1234.6 s")]
)
def test_seconds(value: float, text: str) -> None:
    assert seconds(value) == text


@pytest.mark.parametrize(("value", "text"), [(0.94, "94.00 %"), (0.94125, "94.12 %"), (1.0, "100.00 %")])
def test_percent(value: float, text: str) -> None:
    assert percent(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0.0 MB"), (1_500_000, "1.5 MB"), (10**9, "1.00 GB"), (139 * 10**9, "139.00 GB")],
)
def test_bytes_are_in_powers_of_ten(value: float, text: str) -> None:
    assert number_bytes(value) == text


def test_joules() -> None:
    assert joules(1234.56) == "1234.6 J"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0 FLOP"),
        (999_999, "999999 FLOP"),
        (1.5e6, "1.5 MFLOP"),
        (1e9, "1 GFLOP"),
        (1.234e12, "1.23 TFLOP"),
        (5e15, "5 PFLOP"),
        (9.994e14, "999 TFLOP"),
    ],
)
def test_flops_have_the_fitting_prefix(value: float, text: str) -> None:
    assert flops(value) == text


def test_a_reading_comes_in_its_own_unit_and_bytes_as_bytes() -> None:
    assert reading(61.04, Reading(61.0, 70.0, "W")) == "61.0 W"
    assert reading(2.5e9, Reading(1e9, 2.5e9, "bytes")) == "2.50 GB"


@pytest.mark.parametrize(
    ("metric", "name"),
    [("gpu_power", "GPU power"), ("cpu_utilization", "CPU utilization"), ("gpu_sm_clock", "GPU SM clock")],
)
def test_metric_names_read_as_words(metric: str, name: str) -> None:
    assert metric_name(metric) == name


@pytest.mark.parametrize(
    ("metric", "name", "of_all"),
    [
        ("gpu_power", "GPU power", None),
        ("gpu3_power", "GPU 3 power", "gpu_power"),
        ("gpu12_sm_clock", "GPU 12 SM clock", "gpu_sm_clock"),
        ("cpu_power", "CPU power", None),
        ("gpux_power", "gpux power", None),
    ],
)
def test_a_metric_of_one_of_several_gpus_has_its_number(metric: str, name: str, of_all: str | None) -> None:
    assert (metric_name(metric), of_all_gpus(metric)) == (name, of_all)
