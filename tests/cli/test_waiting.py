"""What a terminal is told while torch is loaded."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.cli.pseudo_terminal import shown_in_terminal
from tests.report.text.test_status_line import screen

PROGRAM = """
import sys
class BeforeTorch:
    def find_spec(self, name, *_):
        if name == "torch":
            sys.stdout.write("[torch]")
            sys.stdout.flush()
            raise KeyboardInterrupt
sys.meta_path.insert(0, BeforeTorch())
from dawnbench.cli import main
main(sys.argv[1:])
"""
"""The command, interrupted where it begins to load torch."""

STATUS = "\rloading torch"
SLOW = {"matplotlib", "numpy", "pandas", "PIL", "psutil", "rich", "ruptures", "scipy", "torch", "torchvision"}
MAX_MODULES = 400
"""Standard library included; there were 270 when this was written."""


def in_a_terminal(*arguments: str) -> str:
    return shown_in_terminal([sys.executable, "-c", PROGRAM, *arguments])


@pytest.mark.parametrize(
    "arguments",
    [
        ("run", "quickstart"),
        ("run", "mnist-ladder"),
        ("run", "quickstart", "--track=tensorboard"),
        ("ab", "davidnet", "davidnet-10"),
        ("show", "davidnet", "--set=epochs=3"),
        ("profile", "davidnet"),
        ("peaks",),
        ("scale", "davidnet", "--batch=64"),
    ],
)
def test_a_terminal_is_told_of_torch_before_it_is_loaded(arguments: tuple[str, ...]) -> None:
    shown = in_a_terminal(*arguments)
    assert shown.startswith("\rloading torch[torch]")
    assert "loading" not in screen(shown)[-1]


def test_run_says_so_before_it_loads_anything_slow() -> None:
    """The interpreter prints a line per module: what precedes the first words is all that was loaded."""
    command = [sys.executable, "-X", "importtime", "-m", "dawnbench", "run", "quickstart"]
    before = shown_in_terminal(command, until=STATUS).partition(STATUS)[0]
    loaded = [line.split("|")[2].strip() for line in before.splitlines() if line.count("|") == 2]
    packages = {module.partition(".")[0] for module in loaded}
    assert packages >= {"click", "dawnbench"}
    assert not packages & SLOW
    assert len(loaded) < MAX_MODULES


def test_a_program_that_reads_json_is_told_nothing() -> None:
    assert in_a_terminal("run", "quickstart", "--json").startswith("[torch]")


def test_a_pipe_is_told_nothing() -> None:
    command = [sys.executable, "-c", PROGRAM, "run", "quickstart"]
    told = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (told.stdout, told.stderr) == ("[torch]", "")


@pytest.mark.parametrize("verb", ["run", "show"])
def test_a_wrong_name_is_told_without_loading_torch(verb: str) -> None:
    shown = in_a_terminal(verb, "davidnett")
    assert "[torch]" not in shown
    assert screen(shown)[0].startswith("dawnbench: ")
    assert "davidnet" in shown
