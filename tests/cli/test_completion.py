"""What the shell offers after TAB, by the protocol that the completion script speaks."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner

from dawnbench.cli import main
from tests.cli.made_runs import invoke

BASH = """
compopt() { echo "$@" | tr '\\n' ' '; }
COMP_WORDS=(dawnbench run davidnet --set batch_s)
COMP_CWORD=4
_dawnbench_completion dawnbench
echo "${COMPREPLY[@]}"
"""


def offered(line: str, shell: str = "bash", splits_at_equals: bool = True) -> list[str]:
    """Return what is offered for the last word of a line; bash gives `=` as a word of its own."""
    words = line.replace("=", " = ").split(" ") if splits_at_equals else line.split(" ")
    words = [word for word in words[:-1] if word] + words[-1:]
    environment = {
        "_DAWNBENCH_COMPLETE": f"{shell}_complete",
        "COMP_WORDS": "\n".join(words),
        "COMP_CWORD": words[-1] if shell == "fish" else str(len(words) - 1),
    }
    result = CliRunner().invoke(main, [], prog_name="dawnbench", env=environment)
    assert result.stderr == ""
    return result.stdout.split()


@pytest.mark.parametrize(
    ("shell", "word"), [("bash", "complete -o"), ("zsh", "#compdef"), ("fish", "complete")]
)
def test_a_script_is_printed(shell: str, word: str) -> None:
    code, shown, _ = invoke("completion", shell)
    assert code == 0
    assert word in shown
    assert "_DAWNBENCH_COMPLETE" in shown


def test_recipes_and_series_are_offered() -> None:
    assert offered("dawnbench slim slim-vgg1") == ["plain,slim-vgg16", "plain,slim-vgg19"]
    assert offered("dawnbench slim p") == ["plain,prune"]
    assert offered("dawnbench campaign st") == ["file,st", "plain,status"]
    drills = [f"plain,mnist-drill{end}" for end in ("-1", "-2", "-3", "")]
    assert offered("dawnbench run mnist-d") == drills
    assert offered("dawnbench ab speedrun mnist-d") == ["file,mnist-d", *drills[:3]]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("dawnbench show davidnet --rule ", ["dawnbench", "airbench", "strict", "cold", "inference"]),
        ("dawnbench regress a --rule s", ["strict"]),
        ("dawnbench slim prune a --rule ", ["graph", "zcls"]),
        ("dawnbench slim prune a --target p", ["parameters"]),
        ("dawnbench slim slim-vgg19 --device c", ["cpu", "cuda"]),
        ("dawnbench run davidnet --device c", ["cpu", "cuda"]),
        ("dawnbench export a --format o", ["onnx"]),
        ("dawnbench export a --format s", ["safetensors"]),
        ("dawnbench export a --data m", ["mnist"]),
        ("dawnbench peaks --device ", ["auto", "cpu", "cuda", "mps"]),
        ("dawnbench infer a --runtime ", ["torch", "onnx"]),
        ("dawnbench infer a --compile ", ["true", "false"]),
        ("dawnbench infer a --precision b", ["bf16"]),
        ("dawnbench ab a b --runtime o", ["onnx"]),
        ("dawnbench run davidnet --data m", ["mnist"]),
        ("dawnbench run davidnet --track t", ["tensorboard", "trackio"]),
        ("dawnbench run davidnet --set optimizer.m", ["optimizer.momentum="]),
        ("dawnbench run davidnet --epochs 3 --set optimizer.m", ["optimizer.momentum="]),
        ("dawnbench run --set epochs=3 davidnet --set augmentation.cutout.s", ["augmentation.cutout.size="]),
        ("dawnbench ab davidnet --set epochs=3 --set optimizer.m", ["optimizer.momentum="]),
        ("dawnbench profile speedrun --set optimizer.m", ["optimizer.momentum="]),
        ("dawnbench show quickstart --set model.wi", ["model.widths="]),
        ("dawnbench run mnist-ladder --set batch", ["batch_size="]),
        ("dawnbench run --set target", ["target="]),
        ("dawnbench run mine.py --set evaluation.f", ["evaluation.flip="]),
        ("dawnbench run mine.py --set optimizer.m", []),
    ],
)
def test_choices_and_keys_are_offered(line: str, words: list[str]) -> None:
    assert offered(line) == [f"plain,{word}" for word in words]


def test_a_path_is_completed_where_no_name_of_data_fits() -> None:
    assert offered("dawnbench run davidnet --data photo") == ["file,photo"]


def test_fish_shows_the_value_that_the_recipe_has_for_a_key() -> None:
    line = "dawnbench run davidnet --set batch"
    assert offered(line, "fish", splits_at_equals=False) == ["plain,batch_size=", "512"]


def test_bash_puts_no_space_between_a_key_and_its_value(tmp_path: Path) -> None:
    command = tmp_path / "dawnbench"
    code = "from dawnbench.cli import main; main(prog_name='dawnbench')"
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -c "{code}"\n')
    command.chmod(0o755)
    script = f"{invoke('completion', 'bash')[1]}\nPATH={tmp_path}:$PATH\n{BASH}"
    result = subprocess.run(["bash"], input=script, text=True, capture_output=True, check=True)
    assert result.stdout.splitlines()[-1] == "-o nospace batch_size="


@pytest.mark.parametrize(
    "words",
    [["run", "davidnet", "--set", ""], ["run", "mine.py", "--set", ""], ["run", "davidnet", "--data"]],
)
def test_completion_loads_no_torch(words: Sequence[str]) -> None:
    code = (
        "import sys; from dawnbench.cli import main\n"
        "try: main(prog_name='dawnbench')\n"
        "except SystemExit: pass\n"
        "assert 'torch' not in sys.modules"
    )
    environment = {
        "PATH": "",
        "_DAWNBENCH_COMPLETE": "bash_complete",
        "COMP_WORDS": "\n".join(["dawnbench", *words]),
        "COMP_CWORD": str(len(words)),
    }
    subprocess.run([sys.executable, "-c", code], env=environment, check=True, capture_output=True)
