from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from dawnbench.telemetry.checkout import read_checkout


def git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=nobody", "-c", "user.email=nobody@example.invalid"]
    command = ["git", "-C", str(folder), *identity, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    git(tmp_path, "init", "-q")
    (tmp_path / "recipe.py").write_text("epochs = 8\n")
    git(tmp_path, "add", "recipe.py")
    git(tmp_path, "commit", "-q", "-m", "begin")
    return tmp_path


def test_a_clean_checkout_has_its_commit(repository: Path):
    checkout = read_checkout(repository)
    assert checkout is not None
    assert checkout.commit == git(repository, "rev-parse", "HEAD").strip()
    assert not checkout.dirty


def test_a_changed_file_makes_it_dirty_and_an_untracked_one_does_not(repository: Path):
    (repository / "notes.txt").write_text("")
    checkout = read_checkout(repository)
    assert checkout is not None
    assert not checkout.dirty
    (repository / "recipe.py").write_text("epochs = 9\n")
    checkout = read_checkout(repository)
    assert checkout is not None
    assert checkout.dirty


def test_a_folder_within_the_checkout_will_do(repository: Path):
    (repository / "runs").mkdir()
    assert read_checkout(repository / "runs") == read_checkout(repository)


def test_a_plain_folder_is_no_checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert read_checkout(tmp_path) is None


def test_without_git_there_is_none(repository: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", "")
    assert read_checkout(repository) is None
