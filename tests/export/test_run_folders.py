from __future__ import annotations

from pathlib import Path

import pytest

from dawnbench.errors import DawnbenchError
from dawnbench.export.run_folders import find_folders
from tests.records.folders import make_run


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    make_run(tmp_path / "runs" / "a-young", created="2026-02-05T00:00:00+00:00")
    make_run(tmp_path / "runs" / "the-old", created="2026-02-04T00:00:00+00:00")
    (tmp_path / "runs" / "README.md").touch()
    return tmp_path / "runs"


def test_a_folder_of_runs_stands_for_them_oldest_first(runs: Path) -> None:
    assert find_folders([str(runs)]) == ([runs / "the-old", runs / "a-young"], [])


def test_a_run_that_is_named_twice_counts_once(runs: Path) -> None:
    names = [str(runs / "a-young"), str(runs), str(runs / "*")]
    assert [folder.name for folder in find_folders(names)[0]] == ["the-old", "a-young"]


def test_a_run_that_cannot_be_read_is_told_and_left_out(runs: Path) -> None:
    (runs / "a-young" / "run.json").write_text("{")
    folders, (trouble,) = find_folders([str(runs)])
    assert folders == [runs / "the-old"]
    assert "a-young" in trouble


def test_one_that_is_named_and_cannot_be_read_is_an_error(runs: Path) -> None:
    (runs / "a-young" / "run.json").write_text("{")
    with pytest.raises(DawnbenchError, match="a-young"):
        find_folders([str(runs / "a-young")])


@pytest.mark.parametrize("name", ["gone", "gone-*", "runs/README*"])
def test_nothing_there_is_an_error(runs: Path, name: str) -> None:
    with pytest.raises(DawnbenchError, match="does not exist; name run folders"):
        find_folders([str(runs.parent / name)])


def test_a_folder_without_a_run_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DawnbenchError, match="there is no run in"):
        find_folders([str(tmp_path)])
