from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from dawnbench.errors import DawnbenchError
from dawnbench.records.reader import read_run
from dawnbench.records.schema import SCHEMA_VERSION, EpochRecord
from tests.records.examples import TRIAL, begin_run, epoch
from tests.records.folders import make_run


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A finished run of two epochs and one trial."""
    writer = begin_run(tmp_path)
    writer.append_epoch(epoch(epoch=1))
    writer.append_epoch(epoch(epoch=2))
    writer.append_trial(TRIAL)
    writer.close("finished")
    return writer.folder


def change_run(folder: Path, **changes: object) -> None:
    path = folder / "run.json"
    path.write_text(json.dumps(json.loads(path.read_bytes()) | changes), encoding="utf-8")


@pytest.mark.parametrize("name", ["epochs", "trials"])
def test_a_torn_last_line_is_left_out_with_a_warning(folder: Path, name: str) -> None:
    path = folder / f"{name}.jsonl"
    whole = path.read_bytes()
    last = whole.splitlines(keepends=True)[-1]
    for kept in (1, len(last) // 2, len(last) - 1):
        path.write_bytes(whole[: len(whole) - len(last) + kept])
        run = read_run(folder)
        assert len(getattr(run, name)) == len(whole.splitlines()) - 1
        (warning,) = run.warnings
        assert warning.startswith(f"{name}.jsonl: the last line is torn")


def test_a_line_torn_inside_a_character_is_left_out_too(folder: Path) -> None:
    with (folder / "trials.jsonl").open("ab") as file:
        file.write(b'{"reason": "caf\xc3')
    assert read_run(folder).trials == (TRIAL,)
    assert len(read_run(folder).warnings) == 1


@pytest.mark.parametrize("damage", [b'{"trial": 1}', b"{", b"", b'{"trial": "one"}', b"\xff\xfe"])
def test_a_damaged_line_in_the_middle_is_an_error_with_the_file(folder: Path, damage: bytes) -> None:
    path = folder / "epochs.jsonl"
    first, second = path.read_bytes().splitlines()
    path.write_bytes(b"\n".join([first, damage, second, b""]))
    with pytest.raises(DawnbenchError, match=r"epochs\.jsonl is damaged"):
        read_run(folder)


def test_a_newer_schema_is_refused_with_what_to_upgrade(folder: Path) -> None:
    change_run(folder, schema_version=SCHEMA_VERSION + 1, what_is_new=True)
    with pytest.raises(
        DawnbenchError,
        match=rf"schema version {SCHEMA_VERSION + 1} .* up to {SCHEMA_VERSION}; upgrade with `pip install",
    ):
        read_run(folder)


def test_a_folder_that_is_no_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DawnbenchError, match=r"is no run folder: cannot read run\.json \(No such file"):
        read_run(tmp_path)


def test_a_run_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DawnbenchError, match=r"nowhere is no run folder"):
        read_run(tmp_path / "nowhere")


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "{}", '"text"', "\x00"])
def test_a_run_json_of_something_else_is_refused(folder: Path, text: str) -> None:
    (folder / "run.json").write_text(text, encoding="utf-8")
    with pytest.raises(DawnbenchError, match=r"run\.json is not what dawnbench writes"):
        read_run(folder)


def test_a_damaged_run_json_names_the_field(folder: Path) -> None:
    change_run(folder, data={"source": "cifar10"})
    with pytest.raises(DawnbenchError, match=r"run\.json is damaged: data\.fingerprint"):
        read_run(folder)


@pytest.mark.parametrize("name", ["epochs.jsonl", "trials.jsonl"])
def test_a_folder_that_lost_a_file_is_refused(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(DawnbenchError, match=rf"cannot read .*{name}"):
        read_run(folder)


def test_the_epochs_of_all_trials_are_found_by_going_through_them_once(tmp_path: Path) -> None:
    class Counted(tuple[EpochRecord, ...]):
        rounds = 0

        def __iter__(self) -> Iterator[EpochRecord]:
            Counted.rounds += 1
            return super().__iter__()

    run = read_run(make_run(tmp_path / "a", (), [epoch(trial=n, epoch=e) for n in (2, 1) for e in (1, 2)]))
    run = replace(run, epochs=Counted(run.epochs))
    Counted.rounds = 0
    assert [[e.epoch for e in run.epochs_of(trial)] for trial in (1, 2, 3)] == [[1, 2], [1, 2], []]
    assert Counted.rounds == 1
