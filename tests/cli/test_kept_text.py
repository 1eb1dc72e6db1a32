from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from dawnbench.cli import kept_text
from dawnbench.cli.kept_text import MAX_KEPT, keep, path_for, recall
from dawnbench.recipes import find_recipe
from dawnbench.recipes.overrides import adapt
from tests.cli.conftest import TINY_RECIPE
from tests.cli.made_runs import invoke

WITHOUT_TORCH = """
import sys
from dawnbench.cli import main
sys.modules["torch"] = sys.modules["numpy"] = None
main(["show", *sys.argv[1:]])
"""


def show(*arguments: str) -> str:
    status, shown, errors = invoke("show", *arguments)
    assert (status, errors) == (0, "")
    return shown


def show_without_torch(*arguments: str) -> str:
    """Return what `show` prints in a process in which neither torch nor numpy can be loaded."""
    command = [sys.executable, "-c", WITHOUT_TORCH, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=240).stdout


def folder() -> Path:
    return Path(os.environ["XDG_CACHE_HOME"]) / "dawnbench" / "shown"


def test_a_recipe_of_the_package_is_shown_at_once_without_torch() -> None:
    shown = show_without_torch("mnist-tiny")
    assert "1,888 parameters trained" in shown
    # The number of trials decides nothing that is counted.
    assert "1,888 parameters trained" in show_without_torch("mnist-tiny", "--set=trials=7")
    assert not folder().exists()


def test_changed_settings_shown_again_say_the_same_without_torch() -> None:
    changed = "mnist-tiny", "--set=epochs=3"
    first = show(*changed)
    assert "1,888 parameters trained" in first
    assert show_without_torch(*changed) == first
    (kept,) = folder().iterdir()
    whole = kept.read_text(encoding="utf-8")
    assert "1888" in whole
    for damaged in ("{", whole.replace("1888", "1889")):
        kept.write_text(damaged, encoding="utf-8")
        assert show(*changed) == first
        assert kept.read_text(encoding="utf-8") == whole


def test_other_settings_are_other_texts() -> None:
    recipe = find_recipe("mnist-tiny")
    assert path_for(recipe) == path_for(find_recipe("mnist-tiny"))
    assert path_for(recipe) != path_for(adapt(recipe, ("batch_size=64",)))
    assert path_for(recipe) != path_for(adapt(recipe, (), data="fashion_mnist"))


def test_changed_code_is_another_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = find_recipe("mnist-tiny")
    before = path_for(recipe)
    monkeypatch.setattr(kept_text.dawnbench, "__file__", str(tmp_path / "__init__.py"))
    (tmp_path / "__init__.py").write_text("")
    changed = path_for(recipe)
    (tmp_path / "__init__.py").write_text("a = 1\n")
    assert len({before, changed, path_for(recipe)}) == 3


def test_a_users_own_recipe_is_never_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert "\n1,210 parameters trained" in show("tiny.py")
    assert not folder().exists()
    wider = TINY_RECIPE.replace("width: int = 16", "width: int = 32")
    (tmp_path / "tiny.py").write_text(wider)
    assert "\n2,410 parameters trained" in show("tiny.py")
    assert not folder().exists()


def test_what_cannot_be_kept_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "shown").write_text("a file where the folder should be")
    keep(tmp_path / "shown" / "a.json", "text")
    assert recall(tmp_path / "shown" / "a.json") is None
    assert recall(tmp_path / "nowhere" / "a.json") is None


def test_the_oldest_texts_go(tmp_path: Path) -> None:
    shown = tmp_path / "shown"
    shown.mkdir()
    for number in range(MAX_KEPT + 2):
        path = shown / f"{number}.json"
        path.write_text("{}")
        os.utime(path, (1e9 + number, 1e9 + number))
    keep(shown / "new.json", "text")
    assert recall(shown / "new.json") == "text"
    assert len(list(shown.iterdir())) == MAX_KEPT
    assert not (shown / "2.json").exists()
    assert (shown / "3.json").exists()
