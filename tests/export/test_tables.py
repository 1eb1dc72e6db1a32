from __future__ import annotations

import builtins
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas
import pytest
from pandas.testing import assert_frame_equal

from dawnbench.errors import DawnbenchError
from dawnbench.export.tables import tables, write_csv, write_parquet
from dawnbench.records.reader import read_run
from dawnbench.records.samples import read_samples
from dawnbench.stats.frames import load_runs
from tests.cli.made_runs import HOSTILE
from tests.records.examples import TRIAL
from tests.records.folders import make_run
from tests.records.full_runs import full_run

BIG = 2**63
"""A seed that does not fit 64 bits with a sign."""


@pytest.fixture
def folders(tmp_path: Path) -> list[Path]:
    """Two runs, of which the later lacks a sensor and saw no throttling."""
    later = {"created": "2026-02-04T04:05:06+00:00", "throttled": False}
    return [
        full_run(tmp_path / "first", trials=2, epochs=3),
        full_run(tmp_path / "second", trials=1, epochs=3, **later),
    ]


def whole(folders: Sequence[Path]) -> dict[str, pandas.DataFrame]:
    """Return the tables with their parts joined."""
    found, _ = tables(folders)
    return {name: pandas.concat(list(parts), ignore_index=True) for name, parts in found.items()}


def test_trials_and_epochs_are_the_frames_of_load_runs(folders: list[Path]) -> None:
    found, warnings = whole(folders), tables(folders)[1]
    frames = load_runs(*folders)
    assert_frame_equal(found["trials"], frames.trials)
    assert_frame_equal(found["epochs"], frames.epochs)
    assert (len(found["trials"]), len(found["epochs"]), warnings) == (3, 9, [])


def test_telemetry_has_a_row_a_sample_of_each_trial_on_its_own_clock(folders: list[Path]) -> None:
    seen = whole(folders)["telemetry"]
    assert seen.columns.tolist() == [
        *("run", "trial", "t_seconds"),
        *("gpu_power", "gpu_utilization", "gpu_temperature", "gpu_sm_clock"),
        "throttle",
    ]
    assert seen.groupby(["run", "trial"]).t_seconds.min().tolist() == [0, 0, 0]
    assert seen.t_seconds[:3].tolist() == [0, 0.05, 0.1]
    samples = [read_samples(folder) for folder in folders]
    assert seen.gpu_power.tolist() == [watts for one in samples if one for watts in one.values["gpu_power"]]
    assert seen.throttle.iloc[0] == ""
    assert set(seen[(seen.run == "first") & (seen.trial == 1)].throttle) == {"", "sw_thermal_slowdown"}
    assert set(seen[seen.run == "second"].throttle) == {""}


def test_reasons_of_several_words_stay_apart(tmp_path: Path) -> None:
    folder = full_run(tmp_path / "run", trials=1, epochs=2)
    path = folder / "telemetry.jsonl"
    path.write_text(
        path.read_text().replace('["sw_thermal_slowdown"]', '["software power cap", "sync boost"]')
    )
    assert whole([folder])["telemetry"].throttle.iloc[-1] == "software power cap; sync boost"


def test_a_metric_that_only_some_runs_have_is_missing_in_the_others(folders: list[Path]) -> None:
    path = folders[1] / "telemetry.jsonl"
    path.write_text(path.read_text().replace("gpu_power", "cpu_power"))
    seen = whole(folders)["telemetry"]
    assert seen.columns.tolist()[-2:] == ["cpu_power", "throttle"]
    assert seen[seen.run == "second"].gpu_power.isna().all()
    assert seen[seen.run == "second"].cpu_power.notna().all()


def test_telemetry_names_a_run_as_the_trials_do_even_where_two_have_one_name(tmp_path: Path) -> None:
    folders = [full_run(tmp_path / place / "same", trials=1, epochs=2) for place in ("a", "b")]
    found = whole(folders)
    assert list(dict.fromkeys(found["telemetry"].run)) == found["trials"].run.tolist()
    assert found["trials"].run.nunique() == 2


def test_a_run_without_telemetry_leaves_an_empty_table(tmp_path: Path) -> None:
    found, _ = tables([full_run(tmp_path / "run", hertz=0)])
    paths = write_csv(found, tmp_path)
    assert paths[2].read_text() == "run,trial,t_seconds,throttle\n"


def test_what_is_torn_is_told(folders: list[Path]) -> None:
    path = folders[0] / "telemetry.jsonl"
    path.write_bytes(path.read_bytes()[:-9])
    (warning,) = tables(folders)[1]
    assert warning.startswith(f"{folders[0]}: telemetry.jsonl: the last line is torn")


def test_csv_reads_back_to_the_last_digit(folders: list[Path], tmp_path: Path) -> None:
    found = whole(folders)
    paths = write_csv(tables(folders)[0], tmp_path / "out")
    assert [path.name for path in paths] == ["trials.csv", "epochs.csv", "telemetry.csv"]
    for path in paths:
        table = found[path.stem]
        text = {"throttle": {"keep_default_na": False}}.get(table.columns[-1], {})
        read = pandas.read_csv(path, float_precision="round_trip", **text)
        if "created" in read:
            assert read.created[0] == "2026-02-03T04:05:06Z"
            read["created"] = pandas.to_datetime(read.created)
        for column in table.select_dtypes(["number"]):
            read[column] = pandas.to_numeric(read[column])
        assert_frame_equal(read, table, check_dtype=False, rtol=0, atol=0)


def test_csv_keeps_what_a_name_holds_in_its_cell(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run", recipe_name=HOSTILE + ',"')
    (path, *_) = write_csv(tables([run])[0], tmp_path / "out")
    assert pandas.read_csv(path).recipe.tolist() == ['?[31m<script>\n# [red]x[/red] ??|`,"']


def test_parquet_reads_back_with_its_types(folders: list[Path], tmp_path: Path) -> None:
    found = whole(folders)
    for path in write_parquet(tables(folders)[0], tmp_path / "out"):
        assert_frame_equal(pandas.read_parquet(path), found[path.stem])


@pytest.mark.parametrize("seeds", [(BIG,), (BIG, 1)])
def test_a_seed_of_64_bits_is_text_in_parquet(tmp_path: Path, seeds: tuple[int, ...]) -> None:
    trials = [replace(TRIAL, trial=n, seed=seed) for n, seed in enumerate(seeds, start=1)]
    found, _ = tables([make_run(tmp_path / "run", trials)])
    (path, *_) = write_parquet(found, tmp_path / "out")
    assert pandas.read_parquet(path).seed.tolist() == [str(seed) for seed in seeds]
    assert f",{BIG}," in write_csv(found, tmp_path / "out")[0].read_text()


@pytest.mark.parametrize("write", [write_csv, write_parquet])
def test_a_long_table_is_written_in_parts_that_make_the_same_table(
    folders: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write: Any
) -> None:
    path = folders[1] / "telemetry.jsonl"
    path.write_text(path.read_text().replace("gpu_power", "cpu_power"))
    at_once = write(tables(folders)[0], tmp_path / "at-once")[2]
    monkeypatch.setattr("dawnbench.export.tables.PART_ROWS", 10)
    assert len(list(tables(folders)[0]["telemetry"])) == 3
    in_parts = write(tables(folders)[0], tmp_path / "in-parts")[2]
    if write is write_csv:
        assert in_parts.read_bytes() == at_once.read_bytes()
    else:
        assert_frame_equal(pandas.read_parquet(in_parts), pandas.read_parquet(at_once))


@pytest.mark.parametrize("write", [write_csv, write_parquet])
def test_the_same_runs_give_the_same_bytes(folders: list[Path], tmp_path: Path, write: Any) -> None:
    first, second = (write(tables(folders)[0], tmp_path / name) for name in ("a", "b"))
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]


@pytest.mark.parametrize("write", [write_csv, write_parquet])
def test_where_no_folder_can_be_a_sentence_says_so(folders: list[Path], tmp_path: Path, write: Any) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DawnbenchError, match=r"cannot write .*file"):
        write(tables(folders)[0], tmp_path / "file")


def test_without_pyarrow_it_says_how_to_install_it(
    folders: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found, _ = tables(folders)
    real = builtins.__import__

    def missing(name: str, *rest: Any, **named: Any) -> Any:
        if name == "pyarrow":
            raise ImportError(name)
        return real(name, *rest, **named)

    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(DawnbenchError, match=r"pip install 'dawnbench\[parquet\]'"):
        write_parquet(found, tmp_path / "out")


def test_trials_of_older_folders_have_no_telemetry(tmp_path: Path) -> None:
    folder = full_run(tmp_path / "run", trials=1, epochs=2)
    lines = (folder / "trials.jsonl").read_text().replace('"began_ns": 1000000000000', '"began_ns": null')
    (folder / "trials.jsonl").write_text(lines)
    assert read_run(folder).trials[0].began_ns is None
    assert whole([folder])["telemetry"].empty
