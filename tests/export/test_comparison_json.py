from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dawnbench.export.comparison_json import comparisons_json
from dawnbench.records.schema import PairingRecord
from dawnbench.stats.comparison.compare import compare
from dawnbench.stats.cost import Prices
from tests.cli.made_runs import trials
from tests.export.judgements import strict_json
from tests.report.figures import any_series, series

FREE = (Prices(), Prices())


def test_each_comparison_is_an_object_of_an_array() -> None:
    reference, faster, slower = series(trials()), series(trials(2.5), "b"), series(trials(2.7), "c")
    found = strict_json(comparisons_json([(compare(reference, one), FREE) for one in (faster, slower)]))
    assert [one["verdict"] for one in found] == ["faster", "slower"]
    assert [one["other"]["name"] for one in found] == ["b", "c"]
    assert strict_json(comparisons_json([])) == []


def test_the_figures_are_those_of_the_comparison() -> None:
    made = compare(series(trials()), series(trials(2.5, joules=630.0), "b", device_name="NVIDIA A100"))
    prices = (Prices(cost_per_hour=3600.0), Prices(price_per_kwh=3.6e6, grams_per_kwh=7.2e6))
    (found,) = strict_json(comparisons_json([(made, prices)]))
    assert set(found) == {
        *("verdict", "sentence", "reference", "other", "pairs", "times", "accuracy_points", "p_accuracy"),
        *("energy_ratio", "differences", "cautions", "remedy"),
    }
    assert found["reference"] == {
        "name": "a",
        "recipe": "davidnet",
        "device": "NVIDIA H200",
        "fingerprint": "cd" * 32,
        "trials": 10,
        "dollars": pytest.approx(2.6013),
        "joules": pytest.approx(630.045),
        "electricity_dollars": None,
        "grams": None,
    }
    other = {name: found["other"][name] for name in ("dollars", "joules", "electricity_dollars", "grams")}
    assert other == {"dollars": None, "joules": 567.0, "electricity_dollars": 567.0, "grams": 1134.0}
    assert [time["rule"] for time in found["times"]] == ["dawnbench", "airbench", "strict", "cold"]
    assert found["times"][0]["seconds"] == pytest.approx([2.6013, 2.50125])
    assert found["times"][0]["ratio"]["value"] == pytest.approx(2.50125 / 2.6013)
    assert found["times"][0]["word"] == "faster"
    assert found["energy_ratio"]["value"] == pytest.approx(0.9, abs=1e-3)
    assert found["pairs"] is None
    assert found["cautions"] == ["the devices differ: NVIDIA H200 and NVIDIA A100"]
    assert found["differences"] == []
    assert found["remedy"] is None
    assert (found["times"][0]["missing"], found["times"][0]["level"]) == ([0, 0], 0.01)


def test_too_few_trials_come_with_a_remedy() -> None:
    made = compare(series(trials(count=3)), series(trials(2.5, count=3), "b"))
    (found,) = strict_json(comparisons_json([(made, FREE)]))
    assert (found["verdict"], found["remedy"]) == (
        "cannot tell with so few trials",
        "needs 2 more a side, 5 in all: dawnbench run davidnet --trials 5",
    )
    assert (found["times"][0]["missing"], found["times"][0]["ratio"]["interval"]) == ([2, 2], None)


def test_what_is_infinite_or_not_there_is_null() -> None:
    made = compare(series(trials(joules=None)), series(trials(missed=10), "b"))
    (found,) = strict_json(comparisons_json([(made, (Prices(cost_per_hour=1.0),) * 2)]))
    assert found["times"][0]["seconds"][1] is None
    assert found["times"][0]["ratio"]["value"] is None
    assert found["energy_ratio"] is None
    assert (found["other"]["dollars"], found["other"]["joules"]) == (None, None)


def test_pairs_are_counted() -> None:
    reference, other = (
        series(trials(), name, pairing=PairingRecord("c0ffee", side))
        for name, side in (("a", "A"), ("b", "B"))
    )
    (found,) = strict_json(comparisons_json([(compare(reference, other), FREE)]))
    assert found["pairs"] == 10


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@given(data=st.data())
def test_any_comparison_is_json_that_a_strict_parser_reads(data: st.DataObject) -> None:
    has_trial = any_series().filter(lambda of: bool(of.trials))
    reference, other = data.draw(has_trial), data.draw(has_trial)
    hostile = replace(reference, name="\ud800\x1b")
    (found,) = strict_json(comparisons_json([(compare(hostile, other, across=True), FREE)]))
    assert found["reference"]["name"] == "\\ud800\x1b"
