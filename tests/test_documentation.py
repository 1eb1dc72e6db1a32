"""Every code block of the README and of the pages under docs/ runs, or says above it why it does not."""

from __future__ import annotations

import contextlib
import io
import json
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from glob import glob
from importlib import import_module
from pathlib import Path

import click
import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from dawnbench.cli import main
from dawnbench.profiling import measure_peaks
from dawnbench.recipes import find_recipe, part
from dawnbench.recipes.catalogue import PLACES
from dawnbench.recipes.parts import ConvStackSpec, DavidNetSpec
from dawnbench.recipes.recipe import DatasetSpec, Recipe
from dawnbench.records.baseline import write_baseline
from dawnbench.stats.pooling import open_trial_set

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
PAGES = [README, *sorted((ROOT / "docs").glob("*.md"))]
REASON = r"^(?:<!-- not run: (?P<why>[^\n]+) -->\n)?"
BLOCK = re.compile(REASON + r"```(?P<kind>\w*)\n(?P<text>.*?)^```$", re.M | re.S)
QUICKSTART = find_recipe("quickstart")
PARSED_ONLY = {"campaign", "scale"}
"""Each of their trials is a new process, which would not see the small recipes; tests/scaling runs it."""
NAMED = ("OLD", "NEW", "A", "B", "20260203T040506Z-davidnet-0a1b2c", "davidnet-10")
"""Run folders that pages name without making them."""
CHEAPER = {
    "widths=(64, 128, 256, 1024)": "widths=(4, 4, 4, 8)",
    "epochs=30": "epochs=2",
    "compile=true": "compile=auto --trials 2",  # a CPU takes half a minute to compile
    "--trials 20": "--trials 2",
    "--trials auto": "--trials auto --max-trials 10",
    "--trials 8": "--trials 2",
    "--finetune 5": "--finetune 1",
}
"""Settings that make a block fast without changing what it shows."""

PRINTED = {
    "README": ("model.widths=[4, 4, 4, 8]", "augmentation.cutout.size=12"),
    "engine": ("'to_device', 'reset', 'init', 'train'",),
}
"""What a page says that its blocks show."""


@dataclass(frozen=True)
class Block:
    """A fenced code block of a page."""

    place: str
    kind: str
    text: str
    not_run: str | None
    """The reason given above the block."""


def blocks_of(page: Path) -> list[Block]:
    text = page.read_text(encoding="utf-8")
    found = []
    for match in BLOCK.finditer(text):
        line = text.count("\n", 0, match.start("kind")) + 1
        found.append(Block(f"{page.name}:{line}", match["kind"], match["text"], match["why"]))
    assert len(found) == len(re.findall(r"^ *```", text, re.MULTILINE)) / 2, (
        f"{page.name} has a fence that this test does not see"
    )
    return found


@pytest.fixture(scope="module")
def small_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """64 images in the size of CIFAR-10, of nothing."""
    generator = np.random.default_rng(0)
    images = generator.integers(0, 256, (64, 32, 32, 3), dtype=np.uint8)
    labels = np.arange(64) % 10
    path = tmp_path_factory.mktemp("data") / "small.npz"
    np.savez(path, x_train=images, y_train=labels, x_test=images, y_test=labels)
    return path


@pytest.fixture(scope="module")
def _small_recipes(small_data: Path) -> Iterator[None]:
    """Give every recipe a model and data that train in a fraction of a second, and peaks as little time."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        # All of them first: a recipe made from another one must not be made from that one's small version.
        found = [f"dawnbench.recipes.{place}".split(":") for place in PLACES.values()]
        recipes: list[Recipe] = [getattr(import_module(module), name) for module, name in found]
        for (module, name), recipe in zip(found, recipes, strict=True):
            monkeypatch.setattr(f"{module}.{name}", small(recipe, small_data))
        quick = partial(measure_peaks, seconds=0.05, memory_bytes=1 << 24)
        monkeypatch.setattr("dawnbench.profiling.measure_peaks", quick)
        yield


def small(recipe: Recipe, data: Path) -> Recipe:
    recipe = replace(recipe, trials=1)
    if recipe.name == "quickstart":
        model = ConvStackSpec(("conv 64 8x8", "norm", "relu", "conv classes 1x1", "average pool"))
        dataset = replace(recipe.dataset, image_size=8)
        return replace(recipe, model=model, dataset=dataset, epochs=4, augmentation=(), precision="fp32")
    return replace(
        recipe,
        model=DavidNetSpec(widths=(4, 4, 4, 4)),
        dataset=DatasetSpec(str(data)),
        augmentation=(),
        resolutions=(),
        batch_size=16,
        epochs=2,
        target=0.01,
        precision="fp32",
        compile=False,
    )


def readme_block(start: str) -> Block:
    (found,) = (block for block in blocks_of(README) if block.text.startswith(start))
    return found


def cheaper(text: str) -> str:
    for costly, cheap in CHEAPER.items():
        text = text.replace(costly, cheap)
    return text


class Session:
    """Runs the blocks of a page one after the other, as its reader would, in the current folder."""

    def __init__(self, folder: Path) -> None:
        """`folder` is a run folder, named by `runs/FOLDER` until the page has made a run of its own."""
        self._folder = folder
        self._names: dict[str, object] = {"__name__": "__main__"}

    def run(self, block: Block) -> str:
        """Run a block and return what it printed."""
        text = cheaper(block.text)
        match block.kind:
            case "python":
                return self._python(text, block.place)
            case "console":
                lines = text.splitlines()
                return "".join(self._command(line, block.place) for line in lines if line.strip())
            case "toml":
                config = Path("config/dawnbench/config.toml")
                config.parent.mkdir(parents=True, exist_ok=True)
                config.write_text(text)
                return self._dawnbench(["show", "runs/FOLDER"], block.place)
        raise AssertionError(f"{block.place}: a {block.kind or 'nameless'} block is neither run nor marked")

    def _python(self, text: str, place: str) -> str:
        named = re.match(r"# (\w+\.py)\n", text)
        if named is None:
            with contextlib.redirect_stdout(io.StringIO()) as printed:
                exec(compile(text, place, "exec"), self._names)
            return printed.getvalue()
        Path(named[1]).write_text(text)
        if not named[1].startswith("test_"):
            return self._dawnbench(["show", named[1]], place)
        without = [f"-pno:{plugin}" for plugin in ("hypothesispytest", "benchmark", "xdist", "cacheprovider")]
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            status = pytest.main([named[1], *without, "--basetemp=pytest"])
        assert status == 0, f"{place}\n{printed.getvalue()}"
        return printed.getvalue()

    def _command(self, line: str, place: str) -> str:
        if (completion := re.fullmatch(r'eval "\$\(dawnbench (.*)\)".*', line)) is not None:
            script = self._dawnbench(completion[1].split(), place)
            subprocess.run(["bash", "-n"], input=script, text=True, check=True)
            return script
        command, *pipe = words_of(line)
        piped_to_jq = pipe[-3:] == ["|", "jq", "."]
        words = [command, *(pipe[:-3] if piped_to_jq else pipe)]
        while "=" in words[0]:  # a variable of the environment, which matters to a new process only
            words = words[1:]
        assert words[0] == "dawnbench", f"{place}: {line} is neither run nor marked"
        printed = self._dawnbench(words[1:], place)
        if piped_to_jq:
            for each in printed.splitlines():
                json.loads(each)
        return printed

    def _dawnbench(self, words: list[str], place: str) -> str:
        if words[0] in PARSED_ONLY:
            command = main.get_command(click.Context(main), words[0])
            assert command is not None
            command.make_context(words[0], words[1:])
            return ""
        words = [word.replace("runs/FOLDER", str(self._newest_run())) for word in words]
        result = CliRunner().invoke(main, words)
        # Times on random data may differ between two runs: 1 is a regression, and a verdict as well.
        expected = (0, 1) if words[0] == "regress" else (0,)
        if words[0] == "compare" and words[-1] == "published":
            expected = (2,)  # a run on random data has no place among published times
        assert result.exit_code in expected, f"{place}: dawnbench {shlex.join(words)}\n{result.output}"
        return result.stdout

    def _newest_run(self) -> Path:
        """Return what a reader would put in place of `runs/FOLDER`: the training that was run last."""
        records = [
            path
            for path in Path("runs").glob("*/run.json")
            if path.parent.name not in NAMED and json.loads(path.read_text())["kind"] == "training"
        ]
        newest = max(records, key=lambda path: path.stat().st_mtime_ns, default=None)
        return self._folder if newest is None else newest.parent


def words_of(line: str) -> list[str]:
    """Return a command line's words with comments dropped and unquoted globs expanded, as a shell does it."""
    lexer = shlex.shlex(line, posix=False, punctuation_chars=False)
    lexer.whitespace_split = True
    found: list[str] = []
    for word in lexer:
        if word[0] in "'\"":
            found += shlex.split(word)
        else:
            found += sorted(glob(word)) or [word]  # noqa: PTH207  # absolute too
    return found


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory, _small_recipes: None) -> Path:
    """A folder with the runs, baselines, recipes and images that the pages name."""
    folder = tmp_path_factory.mktemp("workspace")
    made = tmp_path_factory.mktemp("made")
    result = CliRunner().invoke(
        main, ["run", "davidnet", "--trials", "10", "--save-model", "--out", str(made)]
    )
    assert result.exit_code == 0, result.output
    (run,) = made.iterdir()
    run.rename(folder / "run")
    for name in ("one", "other"):
        path = folder / "baselines" / "davidnet" / f"{name}.json"
        write_baseline(open_trial_set(str(folder / "run")), path)
    for split in ("train", "test"):
        for name in ("cats", "dogs"):
            images = folder / "photos" / split / name
            images.mkdir(parents=True)
            for number in range(16):
                Image.new("RGB", (32, 32), (number, 2 * number, 0)).save(images / f"{number}.png")
    notes = Path("docs/results/mnist-notes.md")
    (folder / notes.parent).mkdir(parents=True)
    shutil.copy(ROOT / notes, folder / notes)
    (folder / "wide.py").write_text(cheaper(readme_block("# wide.py\n").text))
    return folder


@pytest.fixture
def session(page: Path, workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Session:
    shutil.copytree(workspace, tmp_path, dirs_exist_ok=True)
    text = page.read_text(encoding="utf-8")
    for name in NAMED:
        if f"runs/{name}" in text or f"runs/*{name}*" in text:
            shutil.copytree(workspace / "run", tmp_path / "runs" / name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    monkeypatch.setattr(part, "_CLASSES", dict(part._CLASSES))  # pages add kinds of parts
    if page.stem == "engine":  # it reaches into the model
        monkeypatch.setattr("dawnbench.recipes.quickstart.recipe", QUICKSTART)
    return Session(tmp_path / "run")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_block_of_a_page_runs_or_says_why_not(page: Path, session: Session) -> None:
    printed = "".join(session.run(block) for block in blocks_of(page) if block.not_run is None)
    for text in PRINTED.get(page.stem, ()):
        assert text in printed


@pytest.mark.parametrize("page", [README], ids=["README"])
def test_a_recipe_with_a_part_of_its_own_trains(page: Path, session: Session) -> None:
    session.run(readme_block("# perceptron.py\n"))
    command = "dawnbench run perceptron.py --set model.width=128 --trials 1 --epochs 2"
    session.run(Block("here", "console", command, None))
    assert list(Path("runs").glob("*-perceptron-*/log.md"))


@pytest.mark.parametrize("page", [README], ids=["README"])
def test_the_library_runs_from_python_and_its_frames_hold_what_it_measured(
    page: Path, session: Session
) -> None:
    strict, accuracy = session.run(readme_block("import dawnbench\n\nrecipe =")).split()
    assert float(strict) > 0
    assert float(accuracy) > 0.5
    loaded = session.run(readme_block("import dawnbench\n\nframes ="))
    found = re.search(r"^quickstart +([\d.]+)$", loaded, re.MULTILINE)
    assert found is not None
    assert float(found[1]) == pytest.approx(float(strict), abs=1e-6)  # pandas leaves out zeros at the end


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("```console\nmake coffee\n```\n", "make coffee is neither"),
        ("```ruby\nputs 1\n```\n", "a ruby block is"),
    ],
)
@pytest.mark.parametrize("page", [README], ids=["README"])
def test_a_block_that_is_neither_run_nor_marked_is_found(
    page: Path, session: Session, text: str, why: str
) -> None:
    other = Path("other.md")
    other.write_text(text)
    (block,) = blocks_of(other)
    with pytest.raises(AssertionError, match=why):
        session.run(block)
    other.write_text(f"<!-- not run: no kettle -->\n{text}")
    (block,) = blocks_of(other)
    assert block.not_run == "no kettle"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_file_that_a_page_points_to_is_there(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8")):
        assert target.startswith("https://") or (page.parent / target).exists(), target
