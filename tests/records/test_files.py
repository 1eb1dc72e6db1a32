from __future__ import annotations

import os
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from dawnbench.errors import DawnbenchError
from dawnbench.records.files import one_at_a_time, open_regular, read_bytes, replacing, write


def test_missing_parent_folders_are_made_and_the_text_is_utf_8(tmp_path: Path) -> None:
    path = tmp_path / "reports" / "ci" / "judgement.json"
    write("± 1\n", path)
    assert path.read_bytes() == "± 1\n".encode()
    assert [p.name for p in path.parent.iterdir()] == ["judgement.json"]


def test_an_existing_file_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    write("a long first text", path)
    write("short", path)
    assert path.read_text() == "short"


@pytest.mark.parametrize("name", ["folder", ".", "file/below.json"])
def test_a_failed_write_is_reported_and_leaves_nothing(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("kept")
    with pytest.raises(DawnbenchError, match=r"cannot write .*; make room or name another file"):
        write("text", tmp_path / name)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["file", "folder"]
    assert (tmp_path / "file").read_text() == "kept"


def test_the_working_folder_itself_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DawnbenchError, match="cannot write"):
        write("text", Path())
    assert list(tmp_path.iterdir()) == []


def test_an_existing_file_survives_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.json"
    path.write_text("old")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(DawnbenchError, match="No space left on device"):
        write("new", path)
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.json"]


# --- two writers at once ---


def test_many_writers_of_one_file_all_succeed(tmp_path: Path) -> None:
    path = tmp_path / "report.md"
    texts = [f"{number} " * 2_000 for number in range(8)]
    with ThreadPoolExecutor(8) as pool:
        for _ in range(30):
            list(pool.map(write, texts, [path] * len(texts)))
            assert path.read_text() in texts
    assert list(tmp_path.iterdir()) == [path]


def test_a_failing_block_leaves_only_the_existing_file(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(b"old")

    def break_off() -> None:
        with replacing(path) as file:
            file.write(b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        break_off()
    assert [p.name for p in tmp_path.iterdir()] == ["a.bin"]
    assert path.read_bytes() == b"old"


def test_a_file_has_the_mode_that_the_umask_leaves(tmp_path: Path) -> None:
    old = os.umask(0o027)
    try:
        write("shared with the group", tmp_path / "a.md")
    finally:
        os.umask(old)
    assert (tmp_path / "a.md").stat().st_mode & 0o777 == 0o640


# --- links ---


def run_folder(folder: Path) -> Path:
    folder.mkdir(parents=True)
    for name in ("run.json", "trials.jsonl"):
        (folder / name).touch()
    return folder


@pytest.mark.parametrize("kind", ["link", "broken link", "pipe"])
def test_a_target_that_is_not_a_file_is_refused_by_name(tmp_path: Path, kind: str) -> None:
    path, victim = tmp_path / "report.md", tmp_path / "victim"
    if kind == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to(victim)
    if kind == "link":
        victim.write_text("kept")
    with pytest.raises(
        DawnbenchError, match=r"report\.md is a (link|pipe or a device), so nothing was written; "
    ):
        write("text", path)
    assert victim.exists() == (kind == "link")
    assert kind != "link" or victim.read_text() == "kept"


def test_a_link_with_the_name_of_a_partial_file_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "victim").write_text("kept")
    (tmp_path / "report.md.partial").symlink_to("victim")
    write("text", tmp_path / "report.md")
    assert (tmp_path / "victim").read_text() == "kept"
    assert (tmp_path / "report.md").read_text() == "text"


def test_a_link_that_leads_outside_a_run_folder_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    folder = run_folder(tmp_path / "run")
    (folder / "figures").symlink_to("../outside")
    with pytest.raises(
        DawnbenchError, match=r"figures/a\.svg was left alone: a link in .*run leads outside it"
    ):
        write("text", folder / "figures" / "a.svg")
    with pytest.raises(DawnbenchError, match="leads outside it"):
        write("text", folder / "figures" / "new" / "a.svg")
    assert list((tmp_path / "outside").iterdir()) == []


@pytest.mark.parametrize("target", ["runs/run/report.md", "runs/run/../report.md", "runs/run/within/a.svg"])
def test_links_above_a_run_and_within_it_are_followed(tmp_path: Path, target: str) -> None:
    folder = run_folder(tmp_path / "disk" / "run")
    (tmp_path / "runs").symlink_to("disk")
    (folder / "figures").mkdir()
    (folder / "within").symlink_to("figures")
    write("text", tmp_path / target)
    assert (tmp_path / target).read_text() == "text"


def test_a_lock_that_is_a_link_or_a_pipe_is_neither_followed_nor_waited_for(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("made")
    os.mkfifo(tmp_path / "pipe")
    for name in ("link", "pipe"):
        with one_at_a_time(tmp_path / name):
            pass
    assert not (tmp_path / "made").exists()


# --- reading ---


def pipe(path: Path) -> None:
    os.mkfifo(path)


def device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def unix_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(path))


@pytest.mark.parametrize("make", [pipe, device, unix_socket])
def test_anything_but_a_regular_file_is_not_opened(tmp_path: Path, make: Callable[[Path], None]) -> None:
    make(tmp_path / "trials")
    with pytest.raises(OSError, match="it is a pipe or a device, not a file"):
        open_regular(tmp_path / "trials", 100)


def test_a_folder_is_not_read(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError):
        read_bytes(tmp_path, 100)


def test_a_file_is_read_through_a_link_up_to_the_limit(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x" * 100)
    (tmp_path / "link").symlink_to("a")
    assert read_bytes(tmp_path / "link", 100) == b"x" * 100
    with pytest.raises(OSError, match="it has 0 MB, more than the limit of 0 MB for such a file"):
        read_bytes(tmp_path / "link", 99)


@pytest.mark.skipif(not Path("/proc/self/pagemap").exists(), reason="a file without a size or an end")
def test_an_endless_file_is_read_up_to_the_limit(tmp_path: Path) -> None:
    (tmp_path / "trials").symlink_to("/proc/self/pagemap")
    with pytest.raises(OSError, match="more than"):
        read_bytes(tmp_path / "trials", 800_000)
