"""What the README tells people to do works as it stands there."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
SNIPPETS = re.findall(r"^```python\n(.*?)^```", README, re.DOTALL | re.MULTILINE)
ENGINE = (Path(__file__).parents[1] / "docs" / "engine.md").read_text(encoding="utf-8")
VERBS = sorted(set(re.findall(r"^(?:uv run )?dawnbench (\w+)", README, re.MULTILINE)))


def files() -> dict[str, str]:
    """Return the snippets that begin with the name of the file they belong into."""
    named = (re.match(r"# (\w+\.py)\n", snippet) for snippet in SNIPPETS)
    return {match[1]: snippet for match, snippet in zip(named, SNIPPETS, strict=True) if match}


def run(*command: str, cwd: Path) -> str:
    result = subprocess.run(command, cwd=cwd, text=True, capture_output=True, timeout=240, check=False)
    assert result.returncode == 0, result.stderr
    return result.stdout


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in files().items():
        (tmp_path / name).write_text(text)
    return tmp_path


def test_the_wide_recipe_is_as_wide_as_it_says(folder: Path) -> None:
    shown = run(sys.executable, "-m", "dawnbench", "show", "wide.py", cwd=folder)
    assert "model.widths=[64, 128, 256, 1024]" in shown
    assert "augmentation.cutout.size=12" in shown


def test_the_recipe_with_a_part_of_its_own_trains(folder: Path) -> None:
    setting = ("--set", "model.width=128", "--trials", "1", "--epochs", "2")
    run(sys.executable, "-m", "dawnbench", "run", "perceptron.py", *setting, cwd=folder)
    assert list(folder.glob("runs/*-perceptron-*/log.md"))


def test_the_library_runs_from_python(folder: Path) -> None:
    training, loading = sorted(
        (text for text in SNIPPETS if text.startswith("import dawnbench")), key=lambda text: "pandas" in text
    )
    strict, accuracy = run(sys.executable, "-c", training, cwd=folder).split()
    assert float(strict) > 0
    assert float(accuracy) > 0.5
    # pandas leaves out zeros at the end.
    loaded = re.search(
        r"^quickstart +([\d.]+)$", run(sys.executable, "-c", loading, cwd=folder), re.MULTILINE
    )
    assert loaded is not None
    assert float(loaded[1]) == pytest.approx(float(strict), abs=1e-6)


def test_the_test_of_a_training_is_found_by_pytest(folder: Path) -> None:
    found = run(sys.executable, "-m", "pytest", "--collect-only", "-q", "test_training.py", cwd=folder)
    assert "test_training.py::test_quickstart_still_trains" in found


def test_every_verb_of_the_readme_is_one_of_the_command(tmp_path: Path) -> None:
    assert {"run", "list", "show", "doctor", "log"} <= set(VERBS)
    for verb in VERBS:
        run(sys.executable, "-m", "dawnbench", verb, "--help", cwd=tmp_path)


def test_every_file_that_the_readme_points_to_is_there() -> None:
    root = Path(__file__).parents[1]
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert target.startswith("https://") or (root / target).exists(), target


def test_what_the_page_on_the_engine_shows_runs_in_its_order(tmp_path: Path) -> None:
    program = "\n".join(re.findall(r"^```python\n(.*?)^```", ENGINE, re.DOTALL | re.MULTILINE))
    assert "'to_device', 'reset', 'init', 'train'" in run(sys.executable, "-c", program, cwd=tmp_path)
