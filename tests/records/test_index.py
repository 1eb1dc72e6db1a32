from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import IO

import pytest

from dawnbench.errors import DawnbenchError
from dawnbench.records import index
from dawnbench.records.index import Index, index_runs
from dawnbench.records.index_cache import cache_path, recall
from dawnbench.records.schema import SCHEMA_VERSION
from tests.records.examples import TRIAL
from tests.records.folders import line, make_run


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """Three runs, one per day."""
    folder = tmp_path / "runs"
    for day in (1, 3, 2):
        make_run(folder / f"run-{day}", created=f"2026-01-0{day}T00:00:00+00:00")
    return folder


def a_while_later() -> int:
    return time.time_ns() + 60_000_000_000


@pytest.fixture
def look(runs: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], tuple[Index, list[str]]]:
    """List the runs long after they were written; also return which were read rather than cached."""
    opened: list[str] = []
    really_read = index.read_listed

    def read(folder: Path, name: str | None = None) -> index.Listed:
        opened.append(folder.name)
        return really_read(folder, name)

    monkeypatch.setattr(index, "read_listed", read)

    def look() -> tuple[Index, list[str]]:
        opened.clear()
        found = index_runs(runs, clock=a_while_later)
        # Beyond one tick of the file system's clock, so that what the test changes next shows.
        time.sleep(0.03)
        return found, sorted(opened)

    return look


Look = Callable[[], tuple[Index, list[str]]]


def names(found: Index) -> list[str]:
    return [run.name for run in found.runs]


def test_the_newest_run_comes_first(runs: Path) -> None:
    found = index_runs(runs)
    assert names(found) == ["run-3", "run-2", "run-1"]
    assert found.runs[0].folder == runs / "run-3"
    assert found.troubles == ()


def test_a_second_listing_reads_no_run_and_finds_the_same(look: Look) -> None:
    first, read = look()
    assert read == ["run-1", "run-2", "run-3"]
    assert look() == (first, [])


def test_a_trial_that_was_appended_is_seen_and_the_other_runs_are_not_read_again(
    runs: Path, look: Look
) -> None:
    look()
    with (runs / "run-2" / "trials.jsonl").open("a") as file:
        file.write(line(replace(TRIAL, trial=2, accuracy=0.85)))
    found, read = look()
    assert read == ["run-2"]
    assert (found.runs[1].done, found.runs[1].accuracy) == (2, pytest.approx(0.9))


def test_a_torn_line_counts_once_it_is_complete(runs: Path, look: Look) -> None:
    second = line(replace(TRIAL, trial=2))
    path = runs / "run-2" / "trials.jsonl"
    with path.open("a") as file:
        file.write(second[:50])
    assert look()[0].runs[1].done == 1
    with path.open("a") as file:
        file.write(second[50:])
    assert look()[0].runs[1].done == 2


def test_a_change_that_keeps_the_size_is_seen(runs: Path, look: Look) -> None:
    look()
    path = runs / "run-2" / "run.json"
    before = path.stat()
    path.write_text(path.read_text().replace("AMD EPYC", "AMD TPYC"))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert look()[0].runs[1].identity.device_name == "AMD TPYC"


def test_how_a_run_ended_is_seen(runs: Path, look: Look) -> None:
    make_run(runs / "run-4", status="running", created="2026-01-04T00:00:00+00:00")
    assert look()[0].runs[0].status == "running"
    path = runs / "run-4" / "run.json"
    path.write_text(path.read_text().replace('"running"', '"failed"'))
    assert look()[0].runs[0].status == "failed"


def test_a_folder_replaced_by_a_copy_of_another_is_seen(runs: Path, tmp_path: Path, look: Look) -> None:
    """As `cp -p` and `rsync -a` do it: the copy has the same size and modification time."""
    other = make_run(tmp_path / "other", created="2026-01-09T00:00:00+00:00")
    for name in index.LISTED_FILES:
        was = (runs / "run-1" / name).stat()
        os.utime(other / name, ns=(was.st_atime_ns, was.st_mtime_ns))
    look()
    shutil.rmtree(runs / "run-1")
    shutil.copytree(other, runs / "run-1")
    assert names(look()[0]) == ["run-1", "run-3", "run-2"]


def test_a_removed_or_renamed_folder_is_dropped(runs: Path, look: Look) -> None:
    look()
    shutil.rmtree(runs / "run-1")
    (runs / "run-2").rename(runs / "moved")
    assert names(look()[0]) == ["run-3", "moved"]
    assert set(recall(cache_path(), str(runs.resolve()))) == {"run-3", "moved"}


def test_a_file_just_written_is_not_cached(runs: Path) -> None:
    """A second change within one tick of the file system's clock would not show in a file's times."""
    for file in runs.glob("*/*"):  # a time that a copy brought along says nothing
        os.utime(file, (0, 0))
    index_runs(runs)
    assert recall(cache_path(), str(runs.resolve())) == {}
    index_runs(runs, clock=a_while_later)
    assert len(recall(cache_path(), str(runs.resolve()))) == 3


def test_two_places_are_kept_apart(runs: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    make_run(other / "run-1", recipe_name="quickstart")
    for _ in range(2):
        assert {run.identity.recipe_name for run in index_runs(runs, clock=a_while_later).runs} == {
            "davidnet"
        }
        assert [run.identity.recipe_name for run in index_runs(other, clock=a_while_later).runs] == [
            "quickstart"
        ]


def test_a_folder_under_another_path_is_the_same(
    runs: Path, look: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    found, _ = look()
    monkeypatch.chdir(runs.parent)
    again = index_runs(Path("runs"), clock=a_while_later)
    assert [run.folder for run in again.runs] == [Path("runs", run.name) for run in found.runs]


def test_other_folders_are_skipped(runs: Path) -> None:
    (runs / "README.md").write_text("# Runs\n")
    (runs / "figures").mkdir()
    (runs / "figures" / "accuracy.svg").write_text("<svg/>")
    (runs / "empty").mkdir()
    (runs / "astray").symlink_to(runs / "nowhere")
    (runs / "round").symlink_to(runs / "round")
    assert (len(index_runs(runs).runs), index_runs(runs).troubles) == (3, ())


def begun(folder: Path) -> str:
    (folder / "run.json").unlink()
    return "has no run.json"


def half(folder: Path) -> str:
    text = (folder / "run.json").read_text()
    (folder / "run.json").write_text(text[: len(text) // 2])
    return "was not written by dawnbench"


def newer(folder: Path) -> str:
    path = folder / "run.json"
    path.write_text(
        path.read_text().replace(f'version": {SCHEMA_VERSION}', f'version": {SCHEMA_VERSION + 1}')
    )
    return "upgrade"


def of_something_else(folder: Path) -> str:
    (folder / "run.json").write_text('{"schema_version": 1, "recipe": "soup"}')
    return "is damaged"


def without_trials(folder: Path) -> str:
    (folder / "trials.jsonl").unlink()
    return "the run folder is incomplete"


def a_folder_as_a_file(folder: Path) -> str:
    (folder / "trials.jsonl").unlink()
    (folder / "trials.jsonl").mkdir()
    return "Is a directory"


def test_a_run_with_a_damaged_line_is_listed_without_that_line(runs: Path, look: Look) -> None:
    path = runs / "run-2" / "trials.jsonl"
    path.write_text(f"{line(TRIAL)}{line(TRIAL)[:50]}\n{line(TRIAL)}")
    found, _read = look()
    assert names(found) == ["run-3", "run-2", "run-1"]
    assert found.runs[1].done == 2


@pytest.mark.parametrize(
    "spoil",
    [begun, half, newer, of_something_else, without_trials, a_folder_as_a_file],
)
def test_an_unreadable_run_folder_is_reported_and_the_rest_is_listed(
    runs: Path, look: Look, spoil: Callable[[Path], str]
) -> None:
    expected = spoil(runs / "run-2")
    for _ in range(2):
        found, _read = look()
        assert names(found) == ["run-3", "run-1"]
        (sentence,) = found.troubles
        assert str(runs / "run-2") in sentence
        assert expected in sentence


def test_a_repaired_folder_is_listed_again(runs: Path, look: Look) -> None:
    path = runs / "run-2" / "run.json"
    whole = path.read_text()
    half(runs / "run-2")
    assert len(look()[0].troubles) == 1
    path.write_text(whole)
    assert names(look()[0]) == ["run-3", "run-2", "run-1"]
    assert look()[0].troubles == ()


def test_a_refusal_by_the_system_is_not_cached(
    runs: Path, look: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Permission to read a file can change without the file changing."""

    def refuse(path: Path, limit: int) -> IO[bytes]:
        raise PermissionError(13, "Permission denied", str(path))

    with monkeypatch.context() as refused:
        refused.setattr("dawnbench.records.files.open_regular", refuse)
        assert len(look()[0].troubles) == 3
    assert look()[0].troubles == ()


def test_a_run_folder_itself_is_listed_as_one_run(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert names(index_runs(runs / "run-2")) == ["run-2"]
    monkeypatch.chdir(runs / "run-2")
    (run,) = index_runs(Path()).runs
    assert (run.name, run.folder) == ("run-2", Path())


def test_an_unreadable_run_folder_that_was_named_is_an_error(runs: Path) -> None:
    half(runs / "run-2")
    with pytest.raises(DawnbenchError, match="was not written by dawnbench"):
        index_runs(runs / "run-2")


def test_a_missing_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DawnbenchError, match=r"there is no folder .*nowhere"):
        index_runs(tmp_path / "nowhere")
    (tmp_path / "file").touch()
    with pytest.raises(DawnbenchError, match="Not a directory"):
        index_runs(tmp_path / "file")


def test_a_name_that_is_not_valid_text_is_listed(runs: Path, look: Look) -> None:
    name = os.fsdecode(b"run-\xff")
    try:
        (runs / "run-3").rename(runs / name)
    except OSError:
        pytest.skip("this file system takes only text for names")
    assert names(look()[0])[0] == name
    assert look()[1] == []
