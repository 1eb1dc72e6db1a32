"""Prices recorded with a run."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from dawnbench.records.baseline import read_baseline, write_baseline
from dawnbench.records.prices import NO_PRICES, Prices
from dawnbench.records.reader import read_run
from dawnbench.records.store import RunWriter
from dawnbench.records.trial_set import trial_set_of
from tests.records.examples import CREATED, RUN
from tests.records.folders import make_run


def test_what_was_written_is_read_by_runs_and_baselines(tmp_path: Path) -> None:
    writer = RunWriter(tmp_path, "davidnet", CREATED)
    writer.write_run(replace(RUN, prices=Prices(3.5, 0.3)))
    writer.close("finished")
    run = read_run(writer.folder)
    assert (run.record.prices, run.warnings) == (Prices(3.5, 0.3), ())
    write_baseline(trial_set_of(run), tmp_path / "baseline.json")
    assert read_baseline(tmp_path / "baseline.json").prices == Prices(3.5, 0.3)


def test_older_runs_have_none(tmp_path: Path) -> None:
    path = make_run(tmp_path / "run") / "run.json"
    content = json.loads(path.read_text())
    del content["prices"]
    path.write_text(json.dumps(content))
    run = read_run(path.parent)
    assert (run.record.prices, run.warnings) == (NO_PRICES, ())


@pytest.mark.parametrize(
    ("recorded", "kept"),
    [
        ({"cost_per_hour": -1, "price_per_kwh": 0.3}, Prices(price_per_kwh=0.3)),
        ({"cost_per_hour": "cheap"}, NO_PRICES),
        ("cheap", NO_PRICES),
        (None, NO_PRICES),
    ],
)
def test_an_impossible_price_is_left_out_with_a_warning(
    tmp_path: Path, recorded: object, kept: Prices
) -> None:
    path = make_run(tmp_path / "run") / "run.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"prices": recorded}))
    run = read_run(path.parent)
    assert run.record.prices == kept
    (warning,) = run.warnings
    assert warning.startswith("run.json: prices")


def test_prices_that_are_not_given_are_those_of_others() -> None:
    assert Prices(1, None, 3).or_else(Prices(4, 5, 6)) == Prices(1, 5, 3)
    assert Prices(cost_per_hour=0).or_else(Prices(4)) == Prices(0)
