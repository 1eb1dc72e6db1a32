from __future__ import annotations

import errno
import json
import math
import os
import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dawnbench.errors import DawnbenchError
from dawnbench.records.reader import read_run
from dawnbench.records.schema import RunStatus
from dawnbench.records.store import RunWriter
from dawnbench.report.text.log_table import log_table
from tests.records.examples import CREATED, RUN, TRIAL, begin_run, epoch


def test_a_folder_is_named_by_time_recipe_and_six_hex_digits(tmp_path: Path) -> None:
    folders = {RunWriter(tmp_path / "deep" / "down", "davidnet-10", CREATED).folder for _ in range(3)}
    assert len(folders) == 3
    for folder in folders:
        assert folder.parent == tmp_path / "deep" / "down"
        assert folder.is_dir()
        assert re.fullmatch(r"20260203T040506Z-davidnet-10-[0-9a-f]{6}", folder.name)


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("a/b", "a-b"),
        ("../../etc", r"[^/]*etc"),
        ("..", "unnamed"),
        ("", "unnamed"),
        ("my recipe: 94 %", "my-recipe-94"),
        ("a\\b\x00c\n", "a-b-c"),
        ("Größe_1.5", "Größe_1.5"),
    ],
)
def test_an_unusual_recipe_name_makes_one_safe_folder(tmp_path: Path, name: str, safe: str) -> None:
    folder = RunWriter(tmp_path, name, CREATED).folder
    assert re.fullmatch(rf"20260203T040506Z-{safe}-[0-9a-f]{{6}}", folder.name)
    assert list(tmp_path.iterdir()) == [folder]


@settings(max_examples=40, deadline=None)
@given(name=st.text(max_size=40))
def test_any_recipe_name_makes_a_folder_in_the_place_asked_for(
    tmp_path_factory: pytest.TempPathFactory, name: str
) -> None:
    out = tmp_path_factory.mktemp("runs")
    writer = RunWriter(out, name, CREATED)
    assert list(out.iterdir()) == [writer.folder]
    writer.close("finished")


def test_a_folder_that_cannot_be_made_is_explained(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DawnbenchError, match=r"cannot write .*file.*: Not a directory; .*--out"):
        RunWriter(tmp_path / "file" / "runs", "davidnet", CREATED)


def test_run_json_is_replaced_atomically_without_leftovers(tmp_path: Path) -> None:
    writer = begin_run(tmp_path)
    writer.write_run(RUN)
    names = sorted(path.name for path in writer.folder.iterdir())
    assert names == ["epochs.jsonl", "run.json", "telemetry.jsonl", "trials.jsonl"]
    assert (writer.folder / "run.json").read_bytes().endswith(b"}\n")


def test_every_line_is_strict_json(tmp_path: Path) -> None:
    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is no JSON")

    writer = begin_run(tmp_path)
    writer.append_epoch(epoch(train_loss=float("nan")))
    writer.append_samples([{"time": 1.0, "power": float("inf")}, {"time": 2.0, "nested": [float("nan")]}])
    writer.close("finished")
    lines = (writer.folder / "telemetry.jsonl").read_text().splitlines()
    assert [json.loads(line, parse_constant=refuse) for line in lines] == [
        {"time": 1.0, "power": None},
        {"time": 2.0, "nested": [None]},
    ]
    assert (
        json.loads((writer.folder / "epochs.jsonl").read_text(), parse_constant=refuse)["train_loss"] is None
    )


def test_impossible_values_are_not_written_and_the_trial_says_so(tmp_path: Path) -> None:
    writer = begin_run(tmp_path)
    written = writer.append_epoch(epoch(energy_joules=-123_451.8))
    assert written == epoch(energy_joules=None)
    trial = writer.append_trial(replace(TRIAL, seconds={"cold": -3594.0, "strict": 2.0}, wall_seconds=-1.0))
    writer.append_trial(replace(TRIAL, trial=2))
    writer.close("finished")
    run = read_run(writer.folder)
    assert run.warnings == ()
    assert run.epochs == (written,)
    assert run.trials == (trial, replace(TRIAL, trial=2))
    assert (trial.seconds, trial.wall_seconds) == ({"cold": None, "strict": 2.0}, None)
    assert trial.warnings[len(TRIAL.warnings) :] == (
        "epoch 1: energy_joules is -123451.8, which is not possible; it is not recorded",
        "the trial: seconds.cold is -3594.0, which is not possible; it is not recorded",
        "the trial: wall_seconds is -1.0, which is not possible; it is not recorded",
    )


def test_an_epoch_without_a_finite_rate_is_kept(tmp_path: Path) -> None:
    writer = begin_run(tmp_path)
    writer.append_epoch(epoch(learning_rate=math.nan))
    writer.close("finished")
    run = read_run(writer.folder)
    assert (run.epochs, run.warnings) == ((epoch(learning_rate=None),), ())
    assert "| nan " in log_table(run.epochs)


def test_a_schedule_without_a_finite_rate_leaves_a_run_that_can_be_read(tmp_path: Path) -> None:
    writer = RunWriter(tmp_path, "davidnet", CREATED)
    writer.write_run(replace(RUN, learning_rates=((0, 0.1), (5, math.nan))))
    writer.close("failed")
    record = read_run(writer.folder).record
    assert record.learning_rates == ()
    (note,) = record.notes
    assert note == "run.json: learning_rates.1.1 is None, which is not possible; it is not recorded"


def test_closing_before_run_json_was_written_is_not_an_error(tmp_path: Path) -> None:
    writer = RunWriter(tmp_path, "davidnet", CREATED)
    writer.close("failed")
    assert not (writer.folder / "run.json").exists()


def _full(*_: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("status", ["failed", "interrupted"])
def test_a_full_disk_still_records_how_the_run_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: RunStatus
) -> None:
    writer = begin_run(tmp_path)
    for rename in ("os.replace", "os.rename", "pathlib.Path.replace"):
        monkeypatch.setattr(rename, _full)
    writer.close(status)
    assert read_run(writer.folder).record == replace(RUN, status=status)


def test_the_first_file_that_failed_is_named_whatever_fails_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = begin_run(tmp_path)
    with monkeypatch.context() as full:
        full.setattr(os, "fsync", _full)
        for append in (lambda: writer.append_epoch(epoch()), lambda: writer.append_trial(TRIAL)):
            with pytest.raises(DawnbenchError, match=r"epochs\.jsonl: No space left on device; make room"):
                append()
    run = read_run(writer.folder)
    assert (run.epochs, run.trials, run.warnings) == ((), (), ())


def test_a_folder_that_is_deleted_is_noticed_at_the_next_epoch_and_not_made_again(tmp_path: Path) -> None:
    writer = begin_run(tmp_path)
    writer.append_epoch(epoch())
    shutil.rmtree(writer.folder)
    with pytest.raises(DawnbenchError, match=r"the run folder .* was deleted or moved during the run"):
        writer.append_epoch(epoch(epoch=2))
    writer.close("failed")
    assert not writer.folder.exists()
