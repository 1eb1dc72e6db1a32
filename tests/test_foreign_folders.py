"""Run folders with links, pipes, devices and names that are not text, through the command itself."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pytest
from pydantic_core import from_json

from dawnbench.cli.exit_codes import NOT_MEASURED
from dawnbench.records.reader import read_run
from tests.cli.made_runs import invoke, made_run
from tests.records.full_runs import full_run

KEPT = "kept as it was"
REFUSED = ", so nothing was written; remove it or name another file"


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return made_run(tmp_path / "runs" / "run")


@pytest.fixture
def victim(tmp_path: Path) -> Path:
    path = tmp_path / "victim"
    path.write_text(KEPT)
    return path


# --- links ---


@pytest.mark.parametrize("name", ["log.md", "writeup.md"])
def test_a_link_called_as_a_document_is_refused_and_its_target_kept(
    run: Path, victim: Path, name: str
) -> None:
    (run / name).symlink_to(victim)
    verb = ("log", run) if name == "log.md" else ("report", run, "--style", "writeup")
    code, _, error = invoke(*verb)
    assert code == NOT_MEASURED
    assert error.startswith(f"dawnbench: {run / name} is a link{REFUSED}")
    assert victim.read_text() == KEPT
    assert (run / name).is_symlink()


def test_a_link_called_as_a_document_on_its_way_is_not_followed(run: Path, victim: Path) -> None:
    (run / "writeup.md.partial").symlink_to(victim)
    (run / "log.md.partial").symlink_to(victim)
    assert invoke("report", run, "--style", "writeup")[0] == invoke("log", run)[0] == 0
    assert victim.read_text() == KEPT


def test_figures_do_not_leave_the_run_folder(run: Path, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (run / "figures").symlink_to("../../outside")
    code, _, error = invoke("report", run)
    assert code == NOT_MEASURED
    assert f"a link in the run folder {run} leads outside it, to {tmp_path / 'outside'}" in error
    assert list((tmp_path / "outside").iterdir()) == []


def test_a_run_reached_through_a_link_is_written_into(run: Path, tmp_path: Path) -> None:
    (tmp_path / "shortcut").symlink_to(run.parent)
    (tmp_path / "latest").symlink_to(run)
    for folder in (tmp_path / "shortcut" / "run", tmp_path / "latest"):
        assert invoke("log", folder)[0] == 0
        assert invoke("report", run, "--style", "writeup", "-o", folder / "notes" / "w.md")[0] == 0
    assert (run / "notes" / "w.md").is_file()


# --- pipes and devices ---


def pipe(path: Path) -> None:
    os.mkfifo(path)


def endless(path: Path) -> None:
    path.symlink_to("/dev/zero")


@pytest.mark.parametrize("make", [pipe, endless])
@pytest.mark.parametrize("name", ["run.json", "trials.jsonl", "epochs.jsonl", "telemetry.jsonl"])
def test_a_run_with_a_file_that_is_none_is_one_sentence(
    run: Path, tmp_path: Path, make: Callable[[Path], None], name: str
) -> None:
    other = tmp_path / "runs" / "other"
    shutil.copytree(run, other)
    (other / name).unlink()
    make(other / name)
    says = "(it is a pipe or a device, not a file)"

    for arguments in (("report", other, "-o", tmp_path / "page.html"), ("export", other, "--format", "json")):
        code, _, error = invoke(*arguments)
        assert (code, error.count("\n")) == (NOT_MEASURED, 1)
        assert f"{other / name} {says}" in error or f"cannot read {name} {says}" in error
    listed, trouble = invoke("runs", run.parent)[1:]
    assert "run" in listed.splitlines()[1]
    assert trouble.count("\n") == (name in ("run.json", "trials.jsonl"))
    code, said, trouble = invoke("site", run.parent, "-o", tmp_path / "site")
    assert (code, trouble.count("\n")) == (0, 1)
    assert "1 run, " in said


@pytest.mark.parametrize("make", [pipe, endless])
def test_a_baseline_that_is_not_a_file_is_one_sentence(
    run: Path, tmp_path: Path, make: Callable[[Path], None]
) -> None:
    make(tmp_path / "baseline.json")
    code, out, error = invoke("regress", run, "--baseline", tmp_path / "baseline.json")
    assert (code, error) == (NOT_MEASURED, "")
    (line,) = out.splitlines()
    assert line.startswith("regress: not comparable")
    assert "(it is a pipe or a device, not a file)" in line


# --- several writers at once ---


def _write_often(run: Path, out: Path) -> None:
    for _ in range(20):
        for arguments in (
            ("log", run),
            ("report", run, "--style", "writeup"),
            ("export", run, "--format", "json", "-o", out),
            ("export", run, "--format", "csv", "-o", out),
        ):
            code, _, error = invoke(*arguments)
            assert code == 0, error


def test_three_processes_write_the_same_documents_and_none_fails(tmp_path: Path) -> None:
    run, out = full_run(tmp_path / "run", trials=1, epochs=2, hertz=2.0), tmp_path / "exports"
    _write_often(run, tmp_path / "alone")
    documents = {path: path.read_text() for path in (run / "log.md", run / "writeup.md")}
    writers = [get_context("fork").Process(target=_write_often, args=(run, out)) for _ in range(3)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert [writer.exitcode for writer in writers] == [0, 0, 0]
    assert {path: path.read_text() for path in documents} == documents
    for path in (tmp_path / "alone").iterdir():
        assert (out / path.name).read_bytes() == path.read_bytes()
    assert not [path for path in tmp_path.rglob("*") if "partial" in path.name]


# --- names that are not UTF-8 ---


@pytest.fixture(scope="module")
def undecodable(warm: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The folder of runs, and the one run in it, of data and a place whose names are not UTF-8."""
    folder = tmp_path_factory.mktemp("names")
    draw = np.random.default_rng(0)
    arrays = {
        f"{kind}_{part}": values
        for part, count in (("train", 256), ("test", 64))
        for kind, values in (
            ("x", draw.integers(0, 256, (count, 28, 28, 1), dtype=np.uint8)),
            ("y", np.arange(count) % 10),
        )
    }
    try:
        np.savez(folder / "caf\udce9.npz", **arrays)
    except OSError:
        pytest.skip("this file system takes text only")
    out = folder / "r\udcffns"
    command = ["run", "mnist-fast", "--epochs", "1", "--trials", "1", "--device", "cpu", "--save-model"]
    program = [warm, "-m", "dawnbench", *command, "--data", "caf\udce9.npz", "--out", str(out)]
    ended = subprocess.run(program, cwd=folder, capture_output=True, check=False)
    assert ended.returncode == 0, ended.stderr
    assert rb"r\xffns" in ended.stdout
    ended.stdout.decode("utf-8")
    (run,) = out.iterdir()
    return out, run


@pytest.mark.slow
def test_a_run_whose_data_and_place_are_not_utf_8_is_written_up_and_exported(
    undecodable: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, run = undecodable
    monkeypatch.chdir(tmp_path)
    for arguments in (
        ("log", run),
        ("report", run),
        ("report", run, "--style", "writeup"),
        ("show", run),
        *(("export", out, "--format", kind) for kind in ("csv", "parquet", "json")),
    ):
        code, said, error = invoke(*arguments)
        assert (code, error) == (0, "")
        said.encode("utf-8")
    for name in ("log.md", "report.md", "report.html"):
        # In markdown the backslash is escaped once more.
        assert r"caf\xe9.npz" in (run / name).read_text("utf-8").replace("\\\\", "\\")
    document = from_json((tmp_path / "exports" / "json" / f"{run.name}.json").read_bytes())
    assert document["run"]["data"]["source"] == r"caf\xe9.npz"


def test_such_a_folder_is_one_of_a_site(undecodable: tuple[Path, Path], tmp_path: Path) -> None:
    _, run = undecodable
    made_run(tmp_path / "runs" / "healthy")
    shutil.copytree(run, tmp_path / "runs" / "w\udcffird")
    for _ in range(2):
        code, said, error = invoke("site", tmp_path / "runs", "-o", tmp_path / "site")
        assert (code, error) == (0, "")
        assert "2 runs, " in said


def test_the_path_of_the_data_leads_to_it_again(
    undecodable: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    out, run = undecodable
    monkeypatch.chdir(out.parent)
    code, said, error = invoke("evaluate", run)
    assert (code, error) == (0, "")
    assert "of 64 images" in said
    assert read_run(run).record.command[-3] == "caf\udce9.npz"
