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

PROGRAM = """
import sys
from dawnbench.cli import main
try:
    main(["show", *sys.argv[1:]])
finally:
    print("torch" in sys.modules, "numpy" in sys.modules, file=sys.stderr)
"""


def show(*arguments: str) -> tuple[str, bool]:
    """Return what `show` prints in a process of its own, and whether it loaded torch."""
    told = subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments], capture_output=True, text=True, check=True, timeout=240
    )
    torch, numpy = told.stderr.split()
    assert numpy == torch
    return told.stdout, torch == "True"


def folder() -> Path:
    return Path(os.environ["XDG_CACHE_HOME"]) / "dawnbench" / "shown"


def test_a_recipe_of_the_package_is_shown_at_once_without_torch() -> None:
    shown, loaded = show("mnist-tiny")
    assert not loaded
    assert "1,888 parameters trained" in shown
    # The number of trials decides nothing that is counted.
    assert not show("mnist-tiny", "--set=trials=7")[1]
    assert not folder().exists()


def test_changed_settings_shown_again_say_the_same_without_torch() -> None:
    changed = "mnist-tiny", "--set=epochs=3"
    first, loaded = show(*changed)
    assert loaded
    assert "1,888 parameters trained" in first
    assert show(*changed) == (first, False)
    (kept,) = folder().iterdir()
    kept.write_text("{", encoding="utf-8")
    assert show(*changed) == (first, True)
    kept.write_text(kept.read_text(encoding="utf-8").replace("1,888", "1,889"), encoding="utf-8")
    assert show(*changed) == (first, True)


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
    assert show("tiny.py")[1]
    assert not folder().exists()
    assert show("tiny.py")[1]


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
