from __future__ import annotations

import errno
import fcntl
import os
from pathlib import Path
from typing import Any

import pytest

from dawnbench.records.lines import LineFile


@pytest.fixture
def file(tmp_path: Path) -> LineFile:
    file = LineFile(tmp_path / "lines")
    file.append("first\n", force=True)
    return file


def test_a_line_that_an_earlier_writer_was_killed_in_is_ended(tmp_path: Path) -> None:
    path = tmp_path / "lines"
    path.write_bytes(b'{"a": 1}\n{"b')
    LineFile(path).append("{}\n", force=True)
    assert path.read_bytes() == b'{"a": 1}\n{"b\n{}\n'


def test_one_process_locks_a_file_and_another_is_refused_until_it_is_closed(tmp_path: Path) -> None:
    first, second = LineFile(tmp_path / "lines"), LineFile(tmp_path / "lines")
    assert first.lock()
    assert not second.lock()
    first.close()
    assert second.lock()


def test_a_file_system_without_locks_locks_nobody_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def without(_file: int, _how: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", without)
    assert LineFile(tmp_path / "lines").lock()


class Disk:
    """Accepts `room` more bytes, then raises."""

    def __init__(self, file: Any, room: int, error: BaseException) -> None:
        self.file, self.room, self.error = file, room, error

    def write(self, data: memoryview) -> int:
        if not self.room:
            raise self.error
        taken = self.file.write(data[: self.room])
        self.room -= taken
        return int(taken)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.file, name)


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt()])
def test_an_interrupted_line_is_removed(file: LineFile, error: BaseException) -> None:
    disk = Disk(file._file, 3, error)
    file._file = disk  # type: ignore[assignment]
    with pytest.raises(type(error)):
        file.append("second\n", force=True)
    assert file.path.read_text() == "first\n"
    disk.room = 100
    file.append("third\n", force=True)
    assert file.path.read_text() == "first\nthird\n"


@pytest.mark.parametrize(
    ("error", "kept"), [(OSError(errno.EIO, "I/O error"), ""), (KeyboardInterrupt(), "second\n")]
)
def test_a_complete_line_survives_an_interrupt_but_not_a_disk_failure(
    file: LineFile, monkeypatch: pytest.MonkeyPatch, error: BaseException, kept: str
) -> None:
    def broken(_file: int) -> None:
        raise error

    monkeypatch.setattr(os, "fsync", broken)
    with pytest.raises(type(error)):
        file.append("second\n", force=True)
    assert file.path.read_text() == f"first\n{kept}"


def test_a_file_is_in_place_until_it_or_its_folder_is_removed_or_replaced(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    file = LineFile(folder / "lines")
    assert file.is_in_place()
    folder.rename(tmp_path / "moved")
    assert not file.is_in_place()
    folder.mkdir()
    (folder / "lines").touch()
    assert not file.is_in_place()
    (folder / "lines").unlink()
    (tmp_path / "moved").rename(tmp_path / "run")
    assert file.is_in_place()
    (folder / "lines").unlink()
    assert not file.is_in_place()
