from __future__ import annotations

from pathlib import Path

import pytest

from dawnbench.errors import DawnbenchError
from dawnbench.records.files import write


def test_folders_on_the_way_are_made_and_the_text_is_utf_8(tmp_path: Path) -> None:
    path = tmp_path / "reports" / "ci" / "judgement.json"
    write("± 1\n", path)
    assert path.read_bytes() == "± 1\n".encode()
    assert [p.name for p in path.parent.iterdir()] == ["judgement.json"]


def test_an_older_file_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    write("a long first text", path)
    write("short", path)
    assert path.read_text() == "short"


@pytest.mark.parametrize("name", ["folder", ".", "file/below.json"])
def test_where_nothing_can_be_written_it_says_so_and_leaves_nothing(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("kept")
    with pytest.raises(DawnbenchError, match=r"cannot write .*; make room or name another file"):
        write("text", tmp_path / name)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["file", "folder"]
    assert (tmp_path / "file").read_text() == "kept"


def test_the_working_folder_itself_is_refused_by_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DawnbenchError, match="cannot write"):
        write("text", Path())
    assert list(tmp_path.iterdir()) == []


def test_an_older_file_outlives_a_disk_that_takes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.json"
    path.write_text("old")

    def full(self: Path, *_: object, **__: object) -> int:
        self.touch()
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(DawnbenchError, match="No space left on device"):
        write("new", path)
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.json"]
