"""What happens where decoded data is kept: read-only, full, damaged, killed."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dawnbench.data.sources import load_dataset
from dawnbench.data.sources.cache import data_folders, save_decoded
from dawnbench.errors import DawnbenchError

Make = Callable[..., dict[str, np.ndarray]]


@pytest.fixture
def pets(tmp_path: Path, make_arrays: Make, write_folder: Callable[..., Path]) -> Path:
    return write_folder(tmp_path / "pets", make_arrays())


def test_the_folders_go_from_the_nearest_to_the_farthest(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    cache = Path(os.environ["XDG_CACHE_HOME"]) / "dawnbench"
    assert data_folders() == (cache,)
    monkeypatch.setenv("DAWNBENCH_DATA", str(tmp_path))
    assert data_folders(tmp_path / "given") == (tmp_path / "given", tmp_path, cache)
    monkeypatch.setenv("DAWNBENCH_DATA", "")
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert data_folders() == (Path.home() / ".cache" / "dawnbench",)


def test_a_folder_that_cannot_be_written_to_is_a_warning(pets: Path, tmp_path: Path) -> None:
    # A path below a file refuses the superuser too, whom a read-only folder would not stop.
    (tmp_path / "file").write_text("")
    with pytest.warns(UserWarning, match=r"could not be saved to .*; this run continues"):
        dataset = load_dataset(str(pets), cache=tmp_path / "file" / "cache")
    assert len(dataset.train_labels) == 6


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser writes to read-only folders")
def test_a_read_only_folder_is_a_warning(pets: Path, tmp_path: Path) -> None:
    (tmp_path / "shut").mkdir(mode=0o500)
    with pytest.warns(UserWarning, match="this run continues"):
        load_dataset(str(pets), cache=tmp_path / "shut")


def test_a_full_disk_is_a_warning_and_leaves_nothing(
    tmp_path: Path, make_arrays: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fill_up(file: Any, **_: Any) -> None:
        file.write(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(np, "savez", fill_up)
    with pytest.warns(UserWarning, match="No space left on device"):
        assert not save_decoded(tmp_path / "mine.npz", make_arrays())
    assert list(tmp_path.iterdir()) == []


def test_an_interrupted_write_leaves_nothing(
    tmp_path: Path, make_arrays: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(file: Any, **_: Any) -> None:
        file.write(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr(np, "savez", interrupt)
    with pytest.raises(KeyboardInterrupt):
        save_decoded(tmp_path / "mine.npz", make_arrays())
    assert list(tmp_path.iterdir()) == []


def test_a_kept_file_is_readable_by_whom_the_umask_says(tmp_path: Path, make_arrays: Make) -> None:
    before = os.umask(0o022)
    try:
        assert save_decoded(tmp_path / "mine.npz", make_arrays())
    finally:
        os.umask(before)
    assert (tmp_path / "mine.npz").stat().st_mode & 0o777 == 0o644


def test_a_damaged_kept_file_is_named_and_not_removed(pets: Path, tmp_path: Path) -> None:
    load_dataset(str(pets), cache=tmp_path / "kept")
    (kept,) = (tmp_path / "kept" / "folders").iterdir()
    kept.write_bytes(kept.read_bytes()[:-100])
    with pytest.raises(
        DawnbenchError, match=rf"{kept} is not a complete .*; remove it to decode .*pets again"
    ):
        load_dataset(str(pets), cache=tmp_path / "kept")
    assert kept.exists()
