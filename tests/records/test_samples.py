"""Reading telemetry."""

from __future__ import annotations

import json
import tracemalloc
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dawnbench.records.reader import read_run
from dawnbench.records.samples import read_samples
from tests.records.examples import TRIAL
from tests.records.folders import make_run
from tests.records.full_runs import full_run
from tests.records.large_runs import sample_lines


def written(folder: Path, *lines: object, torn: str = "") -> Path:
    make_run(folder)
    (folder / "telemetry.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines) + torn)
    return folder


def test_each_trial_has_its_own_samples_from_its_start(tmp_path: Path) -> None:
    run = read_run(full_run(tmp_path / "a", trials=3))
    samples = read_samples(run.folder)
    assert samples is not None
    parts = [samples.of_trial(trial) for trial in run.trials]
    assert sum(map(len, parts)) == len(samples)  # type: ignore[arg-type]
    for part, trial in zip(parts, run.trials, strict=True):
        assert part is not None
        assert part.t_ns[0] == 0
        assert 0.9 * trial.wall_seconds < part.t_ns[-1] / 1e9 <= trial.wall_seconds
        assert 400 < np.nanmean(part.values["gpu_power"]) < 700


def test_a_missing_value_is_nan_and_throttling_is_kept(tmp_path: Path) -> None:
    samples = read_samples(
        written(tmp_path / "a", {"t_ns": 5, "x": None, "y": 2}, {"t_ns": 9, "x": 1.5, "throttle": ["hot"]})
    )
    assert samples is not None
    assert samples.t_ns.tolist() == [5, 9]
    assert np.isnan(samples.values["x"][0])
    assert samples.values["x"][1] == 1.5
    assert np.isnan(samples.values["y"][1])
    assert samples.throttle == ((), ("hot",))


def test_a_torn_last_line_is_left_out_with_a_warning(tmp_path: Path) -> None:
    samples = read_samples(written(tmp_path / "a", {"t_ns": 5, "x": 1}, torn='{"t_ns": 6, "x'))
    assert samples is not None
    assert len(samples) == 1
    assert "torn" in samples.warnings[0]


def test_no_samples_are_none(tmp_path: Path) -> None:
    assert read_samples(written(tmp_path / "a")) is None
    assert read_samples(tmp_path) is None


@pytest.mark.parametrize("line", ["3", "{}", '{"t_ns": "x"}', "{", '{"t_ns": 1e400}', '{"t_ns": -1}'])
def test_a_line_that_is_not_a_sample_is_left_out(line: str, tmp_path: Path) -> None:
    samples = read_samples(written(tmp_path / "a", {"t_ns": 5, "x": 1}, torn=line + "\n"))
    assert samples is not None
    assert samples.t_ns.tolist() == [5]
    assert samples.warnings == ("telemetry.jsonl: left out 1 line that cannot be a sample",)


@pytest.mark.parametrize("half", ["\\udcff", "\\uDCFF"])
def test_a_name_that_is_not_utf_8_loses_no_sample(half: str, tmp_path: Path) -> None:
    line = f'{{"t_ns": 6, "x{half}": 3, "throttle": ["y{half}"]}}\n'
    samples = read_samples(written(tmp_path / "a", torn=line))
    assert samples is not None
    assert samples.values["x\udcff"].tolist() == [3]
    assert samples.throttle == (("y\udcff",),)


def test_lists_of_one_length_are_not_values(tmp_path: Path) -> None:
    samples = read_samples(written(tmp_path / "a", {"t_ns": 5, "x": [1]}, {"t_ns": 6, "x": [2]}))
    assert samples is not None
    assert np.isnan(samples.values["x"]).all()
    assert samples.warnings == ("telemetry.jsonl: left out 2 impossible values of x",)


@pytest.mark.parametrize("value", ['"y"', "1e300", "1" + "0" * 400, "[]", "{}", "Infinity"])
def test_an_impossible_value_is_left_out(value: str, tmp_path: Path) -> None:
    line = f'{{"t_ns": 6, "x": {value}, "y": 3}}\n'
    samples = read_samples(written(tmp_path / "a", {"t_ns": 5, "x": 1, "y": 2}, torn=line))
    assert samples is not None
    assert np.array_equal(samples.values["x"], [1, np.nan], equal_nan=True)
    assert samples.values["y"].tolist() == [2, 3]
    assert samples.warnings == ("telemetry.jsonl: left out 1 impossible value of x",)


def test_a_number_with_too_many_digits_is_left_out(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "run")
    line = f'{{"t_ns": 5, "gpu_power": {"9" * 5_000}, "gpu_sm_clock": 7}}\n'
    (folder / "telemetry.jsonl").write_text(line)
    samples = read_samples(folder)
    assert samples is not None
    assert samples.values["gpu_sm_clock"].tolist() == [7.0]
    assert samples.warnings == ("telemetry.jsonl: left out 1 impossible value of gpu_power",)


def test_a_trial_without_a_start_has_no_samples(tmp_path: Path) -> None:
    run = read_run(make_run(tmp_path / "a"))
    samples = read_samples(written(tmp_path / "b", {"t_ns": 5, "x": 1}))
    assert samples is not None
    assert samples.of_trial(run.trials[0]) is None


def test_samples_at_the_very_start_and_end_belong_to_the_trial(tmp_path: Path) -> None:
    trial = replace(TRIAL, began_ns=1_000, wall_seconds=2e-9)
    times = (999, 1_000, 1_002, 1_003)
    samples = read_samples(written(tmp_path / "a", *({"t_ns": t, "x": 1} for t in times)))
    assert samples is not None
    of_trial = samples.of_trial(trial)
    assert of_trial is not None
    assert of_trial.t_ns.tolist() == [0, 2]


def test_a_long_run_takes_less_memory_than_its_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dawnbench.records.samples.CHUNK_LINES", 256)
    (tmp_path / "telemetry.jsonl").write_text("".join(sample_lines(0, 1_000.0, 20.0)))
    read_samples(tmp_path)  # what is loaded once is not counted
    tracemalloc.start()
    try:
        samples = read_samples(tmp_path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert samples is not None
    assert len(samples) == 20_000
    assert peak / len(samples) <= 150  # of 13 columns; as Python objects a sample takes 1,000 bytes


def test_metrics_that_come_and_go_keep_their_places_and_values(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dawnbench.records.samples.CHUNK_LINES", 2)
    lines = [
        {"t_ns": 1, "a": 0.1},
        {"t_ns": 2, "a": 3},
        {"t_ns": 4, "b": 2**24 + 1},
        {"t_ns": 5},
        {"t_ns": 3, "a": 1},
    ]
    samples = read_samples(written(tmp_path / "a", *lines))
    assert samples is not None
    assert samples.t_ns.tolist() == [1, 2, 3, 4, 5]
    np.testing.assert_array_equal(samples.values["a"], [0.1, 3, 1, np.nan, np.nan])
    np.testing.assert_array_equal(samples.values["b"], [np.nan, np.nan, np.nan, 2**24 + 1, np.nan])
