from __future__ import annotations

import json
import math
import re
from dataclasses import replace
from pathlib import Path
from statistics import fmean, median
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dawnbench.errors import DawnbenchError
from dawnbench.records.listed import read_listed
from dawnbench.records.reader import read_run
from dawnbench.records.schema import TrialRecord
from dawnbench.records.trial_set import trial_set_of
from dawnbench.stats.trial_values import spent_seconds
from tests.records.examples import TRIAL
from tests.records.folders import line, make_run

MISSED = replace(
    TRIAL, trial=2, epochs_to_target=None, seconds={"dawnbench": None, "airbench": 3.0}, accuracy=0.9
)
seconds = st.none() | st.floats(0.001, 1e5)
trials = st.builds(
    lambda status, epochs, accuracy, times: replace(
        TRIAL, status=status, epochs_to_target=epochs, accuracy=accuracy, seconds=times
    ),
    st.sampled_from(("finished", "diverged", "interrupted", "failed")),
    st.none() | st.integers(1, 40),
    st.none() | st.floats(0, 1),
    st.fixed_dictionaries({"dawnbench": seconds, "cold": seconds}, optional={"airbench": seconds}),
)


def test_a_run_at_a_glance(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "run", [TRIAL, MISSED], trials=5, status="interrupted")
    listed = read_listed(folder)
    assert (listed.name, listed.folder, listed.status) == ("run", folder, "interrupted")
    one = listed.identity
    assert (one.recipe_name, one.device, one.device_name) == ("davidnet", "cpu", "AMD EPYC")
    assert (listed.asked, listed.done, listed.reached) == (5, 2, 1)
    assert listed.median_seconds == {"dawnbench": 2.0, "cold": None, "airbench": 3.0}
    spent = trial_set_of(read_run(folder)).trials[1].spent_seconds["dawnbench"]
    assert spent is not None
    assert listed.mean_seconds == {"dawnbench": 2.0 + spent, "cold": None, "airbench": 3.0}
    assert listed.accuracy == pytest.approx(0.925)
    assert (one.target, one.fingerprint, one.recipe_digest) == (0.94, "cd" * 32, "ab" * 32)
    assert listed.created == "2026-02-03T04:05:06+00:00"


def test_a_run_without_trials_has_no_results(tmp_path: Path) -> None:
    listed = read_listed(make_run(tmp_path / "run", [], trials=3))
    assert (listed.asked, listed.done, listed.reached) == (3, 0, 0)
    assert (listed.median_seconds, listed.accuracy) == ({}, None)


@given(recorded=st.lists(trials, max_size=5))
def test_its_results_are_those_of_the_trials_that_count(
    recorded: list[TrialRecord], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = make_run(tmp_path_factory.mktemp("runs") / "run", recorded)
    listed, counting = read_listed(folder), trial_set_of(read_run(folder)).counting
    assert listed.done == len(counting)
    assert listed.reached == sum(trial.reached for trial in counting)
    for rule, found in listed.median_seconds.items():
        times = [t for t in (trial.seconds.get(rule) for trial in counting) if t is not None]
        assert found == (median(times) if times else None)
        expected = spent_seconds(trial_set_of(read_run(folder)), rule).expected
        assert listed.mean_seconds[rule] == (pytest.approx(expected) if times else None)
    accuracies = [trial.accuracy for trial in counting if trial.accuracy is not None]
    assert listed.accuracy == (pytest.approx(fmean(accuracies)) if accuracies else None)


def test_a_torn_last_line_is_not_counted(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "run", [TRIAL, MISSED])
    path = folder / "trials.jsonl"
    path.write_bytes(path.read_bytes()[:-20])
    assert read_listed(folder).done == 1


def test_a_number_that_is_not_finite_becomes_none(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "run")
    text = line(TRIAL).replace('"accuracy": 0.95', '"accuracy": NaN').replace(": 2.0", ": Infinity")
    (folder / "trials.jsonl").write_text(text)
    listed = read_listed(folder)
    assert (listed.accuracy, listed.median_seconds["dawnbench"]) == (None, None)


@pytest.mark.parametrize("change", [{"accuracy": 1.5}, {"seconds": {"dawnbench": 0}}])
def test_an_impossible_number_is_left_out(change: dict[str, Any], tmp_path: Path) -> None:
    folder = make_run(tmp_path / "a")
    trials = folder / "trials.jsonl"
    trials.write_text(json.dumps(json.loads(trials.read_text()) | change) + "\n")
    listed = read_listed(folder)
    shown = listed.accuracy if "accuracy" in change else listed.median_seconds["dawnbench"]
    assert shown is None


def test_odd_values_that_fit_the_schema_are_accepted(tmp_path: Path) -> None:
    """`read_run` accepts a number written as text, so the listing does too."""
    folder = make_run(tmp_path / "run")
    (folder / "trials.jsonl").write_text(line(TRIAL).replace('"accuracy": 0.95', '"accuracy": "0.95"'))
    assert read_listed(folder).accuracy == read_run(folder).trials[0].accuracy == 0.95


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.just(10**400) | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=3,
)


def put(file: Path, key: str, value: Any) -> None:
    first, *rest = [
        json.loads(text) for text in ([file.read_text()] if file.suffix == ".json" else file.open())
    ]
    at = first
    *path, last = key.split(".")
    for step in path:
        at = at[step]
    at[last] = value
    file.write_text("".join(json.dumps(one) + "\n" for one in (first, *rest)))


@given(
    changed=st.sampled_from(
        [
            ("run.json", key)
            for key in ("schema_version", "created", "target", "trials", "data", "data.fingerprint", "status")
        ]
        + [
            ("trials.jsonl", key)
            for key in ("status", "seconds", "seconds.dawnbench", "epochs_to_target", "accuracy", "segments")
        ]
    ),
    value=values,
)
def test_any_file_content_gives_a_run_or_an_error(
    changed: tuple[str, str], value: Any, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = make_run(tmp_path_factory.mktemp("runs") / "run")
    put(folder / changed[0], changed[1], value)
    try:
        listed = read_listed(folder)
    except DawnbenchError:
        with pytest.raises(DawnbenchError, match=re.escape(str(folder))):
            read_run(folder)
    else:
        assert listed.done in (0, 1)
        assert all(math.isfinite(s) for s in listed.median_seconds.values() if s is not None)


@given(content=st.binary(max_size=40))
def test_bytes_that_are_not_a_run_give_an_error(
    content: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = make_run(tmp_path_factory.mktemp("runs") / "run")
    (folder / "run.json").write_bytes(content)
    with pytest.raises(DawnbenchError, match=r"run\.json"):
        read_listed(folder)
