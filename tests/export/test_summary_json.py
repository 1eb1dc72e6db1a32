from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from dawnbench.export.summary_json import summary_json
from dawnbench.records.prices import NO_PRICES, Prices
from dawnbench.records.schema import TrialRecord
from dawnbench.records.trial_set import figures_of
from dawnbench.stats.run_warnings import find_warnings
from dawnbench.stats.spending import spending
from dawnbench.stats.trial_summary import summarise
from tests.cli.made_runs import HOSTILE, trial, trials
from tests.export.json_schemas import faults, published
from tests.records.inference_runs import passes, settings
from tests.stats.trial_sets import timed


def documented(recorded: Sequence[TrialRecord], prices: Prices = NO_PRICES, **changes: Any) -> dict[str, Any]:
    series = replace(timed(2.6), trials=tuple(map(figures_of, recorded)), **changes)
    found = find_warnings(series, "dawnbench")
    text = summary_json(series, summarise(series), found, spending(series, "dawnbench", prices))
    assert text.isascii()
    document: dict[str, Any] = json.loads(text)
    assert faults(document, published("show-run-v1.json")) == []
    return document


def test_every_figure_is_a_number_with_its_unit_in_its_name() -> None:
    document = documented(trials(missed=2), tags={"branch": "main"})
    assert (document["trials"], document["reached"], document["tags"]) == (10, 8, {"branch": "main"})
    times = {times["rule"]: times for times in document["times"]}
    assert times["dawnbench"]["seconds"]["count"] == 8
    assert times["dawnbench"]["missed"] == 2
    assert times["dawnbench"]["expected_seconds"] == pytest.approx(3.25, abs=0.01)
    assert times["dawnbench"]["expected_seconds_low"] < 3.25 < times["dawnbench"]["expected_seconds_high"]
    assert 0.93 < document["accuracy"]["mean"] < 0.95
    assert document["energy_joules"]["mean"] == pytest.approx(700, abs=1)
    assert document["claim"]["standing"] in ("holds", "fails", "not settled")
    assert set(document["costs"].values()) == {None}


def test_what_was_not_measured_is_null() -> None:
    document = documented([trial(1, 2.0, epochs=None, joules=None)])
    assert document["energy_to_target_joules"] is None
    assert document["epochs_to_target"] is None
    (times,) = (times for times in document["times"] if times["rule"] == "dawnbench")
    assert (times["seconds"], times["expected_seconds"]) == (None, None)
    assert documented([])["accuracy"] is None


def test_costs_are_those_of_the_prices_given() -> None:
    costs = documented([trial(1, 1800.0), trial(2, 1800.0)], Prices(2.0, 0.3, 360.0))["costs"]
    assert costs["machine_dollars"] == pytest.approx(1.0)
    assert costs["electricity_per_trial_dollars"] == pytest.approx(700 / 3.6e6 * 0.3)
    assert costs["carbon_per_trial_grams"] == pytest.approx(0.07)


def test_hostile_text_is_escaped() -> None:
    document = documented(trials(), name=HOSTILE, tags={HOSTILE: HOSTILE}, warnings=(HOSTILE,))
    assert (document["name"], document["warnings"][-1]) == (HOSTILE, HOSTILE)


def test_an_inference_run_has_its_latencies_and_throughput_and_a_training_has_no_such_key() -> None:
    answers = {"inference": settings("onnx"), "recipe_name": "davidnet"}
    series = replace(timed(2.6), trials=tuple(map(figures_of, passes(0.0036, 3))), **answers)
    priced = spending(series, "inference", Prices(cost_per_hour=1.0))
    document = json.loads(summary_json(series, summarise(series), (), priced))
    assert faults(document, published("show-run-v1.json")) == []
    found = document["inference"]
    assert (found["runtime"], found["images"]) == ("onnx", 10_000)
    assert found["p99_seconds"]["mean"] == pytest.approx(1.9 * 0.0036, rel=0.01)
    assert [at["batch_size"] for at in found["throughputs"]] == [1, 64]
    assert found["dollars_per_million_images"] == pytest.approx(1.0, rel=0.01)
    assert "inference" not in documented(trials())
