from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from benchmarks.trees import copy_working_tree, unpack_revision
from dawnbench.errors import DawnbenchError


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with one commit, changed since."""
    root = tmp_path / "repository"
    (root / "dawnbench").mkdir(parents=True)
    (root / "dawnbench" / "__init__.py").write_text("then = True\n")
    (root / "README.md").write_text("no part of the package\n")
    name = ["-c", "user.name=A", "-c", "user.email=a@b.c", "-c", "commit.gpgsign=false"]
    for command in (["init", "-q"], ["add", "."], [*name, "commit", "-q", "-m", "First"]):
        subprocess.run(["git", "-C", str(root), *command], check=True)
    (root / "dawnbench" / "__init__.py").write_text("then = False\n")
    (root / "dawnbench" / "__pycache__").mkdir()
    (root / "dawnbench" / "new.py").write_text("")
    return root


def test_the_revision_is_unpacked_as_it_was(repository: Path, tmp_path: Path) -> None:
    commit = unpack_revision("HEAD", tmp_path / "old", repository)
    head = (repository / ".git" / "HEAD").read_text().split()[1]
    assert (repository / ".git" / head).read_text().startswith(commit)
    assert [path.name for path in (tmp_path / "old").rglob("*")] == ["dawnbench", "__init__.py"]
    assert (tmp_path / "old" / "dawnbench" / "__init__.py").read_text() == "then = True\n"


def test_the_working_tree_is_copied_as_it_is(repository: Path, tmp_path: Path) -> None:
    copy_working_tree(tmp_path / "new", repository)
    assert sorted(path.name for path in (tmp_path / "new" / "dawnbench").iterdir()) == [
        "__init__.py",
        "new.py",
    ]
    assert (tmp_path / "new" / "dawnbench" / "__init__.py").read_text() == "then = False\n"


@pytest.mark.parametrize("revision", ["no-such-branch", "--help", "HEAD~7"])
def test_a_revision_that_is_none_is_told_in_a_sentence(
    repository: Path, tmp_path: Path, revision: str
) -> None:
    with pytest.raises(DawnbenchError, match=f"git does not give dawnbench at '{revision}'") as told:
        unpack_revision(revision, tmp_path / "old", repository)
    assert "\n" not in str(told.value)


def test_a_commit_without_the_package_is_told_in_a_sentence(repository: Path, tmp_path: Path) -> None:
    (repository / "dawnbench").rename(tmp_path / "away")
    name = ["-c", "user.name=A", "-c", "user.email=a@b.c", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", "-C", str(repository), *name, "commit", "-q", "-a", "-m", "Gone"], check=True)
    with pytest.raises(DawnbenchError, match="pathspec 'dawnbench'"):
        unpack_revision("HEAD", tmp_path / "old", repository)
