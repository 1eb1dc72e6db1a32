"""The command, in this process or in one of its own, on a recipe that trains in a second."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import chdir, contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner

from dawnbench.cli import main

Finished = subprocess.CompletedProcess[str]
TINY_RECIPE = """
from dataclasses import dataclass, replace

from torch import nn

from dawnbench.recipes import ModelPart, find_recipe


@dataclass(frozen=True)
class PerceptronSpec(ModelPart, kind="perceptron"):
    width: int = 16

    def build(self, channels, classes):
        hidden = nn.Linear(channels * 64, self.width)
        return nn.Sequential(nn.Flatten(), hidden, nn.ReLU(), nn.Linear(self.width, classes))


base = find_recipe("quickstart")
recipe = replace(
    base,
    name="tiny",
    model=PerceptronSpec(),
    dataset=replace(base.dataset, image_size=8),
    augmentation=(),
    precision="fp32",
)
"""
"""A user's own recipe on the shipped digits; an epoch takes milliseconds."""

BY_TORCHRUN = (
    "import sys; from dawnbench.cli.torchrun import run_by_torchrun; "
    "sys.exit(run_by_torchrun(2, sys.argv[1:]))"
)
"""Python's `-c`: runs the command in two processes, as `--gpus 2` does."""


@pytest.fixture(autouse=True)
def _tiny_recipe(tmp_path: Path) -> None:
    (tmp_path / "tiny.py").write_text(TINY_RECIPE)


@pytest.fixture
def command(warm: str) -> list[str]:
    """The command in a process of its own, which need not load torch first."""
    return [warm, "-m", "dawnbench"]


@pytest.fixture
def dawnbench(tmp_path: Path) -> Callable[..., Finished]:
    """Run the command in this process, in an empty folder, and return what it printed."""
    return command_in(tmp_path)


def command_in(folder: Path) -> Callable[..., Finished]:
    """Return a function that runs the command in this process, in a folder, and returns what it printed."""

    def call(*arguments: str) -> Finished:
        with chdir(folder), pytest.MonkeyPatch.context() as patch:
            patch.setenv("NO_COLOR", "1")
            patch.setattr(sys, "argv", ["dawnbench", *arguments])
            result = CliRunner().invoke(main, arguments)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Finished(arguments, result.exit_code, result.stdout, result.stderr)

    return call


def process_in(folder: Path, python: str = sys.executable) -> Callable[..., Finished]:
    """Return a function that runs the command in a new process, in a folder, and returns what it printed."""

    def call(*arguments: str) -> Finished:
        return subprocess.run(
            [python, "-m", "dawnbench", *arguments],
            cwd=folder,
            env=os.environ | {"NO_COLOR": "1"},
            text=True,
            capture_output=True,
            timeout=240,
            check=False,
        )

    return call


@contextmanager
def full_disk(kilobytes: int) -> Iterator[None]:
    """Let no file of this process grow beyond a size, which stands for a disk that takes no more."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1024 * kilobytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def small_run(*arguments: str) -> Sequence[str]:
    """Return the arguments of a short run."""
    return ("run", "tiny.py", *arguments)


def only_run(folder: Path) -> Path:
    """Return the one run folder below `folder`/runs."""
    (run,) = (path for path in (folder / "runs").iterdir() if path.is_dir())
    return run
