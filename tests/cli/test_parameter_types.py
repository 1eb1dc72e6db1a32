"""Options with a wrong value are refused before anything slow, and accuracies are taken in both notations."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from dawnbench.recipes import find_recipe
from dawnbench.recipes.overrides import override
from tests.cli.made_runs import invoke

RULES = "'lap' is not one of 'dawnbench', 'airbench', 'strict', 'cold', 'inference'"
ACCURACY = "is not an accuracy between 0 and 100 %; write 94 percent as 94% or 0.94"
UNKNOWN_DEVICE = "device 'tpu' is unknown; use auto, cpu, cuda, cuda:N or mps"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["run", "davidnet", "--device", "tpu"], UNKNOWN_DEVICE),
        (["run", "davidnet", "--device", "cuda:one"], "device 'cuda:one' is unknown"),
        (["peaks", "--device", "tpu"], UNKNOWN_DEVICE),
        (["profile", "davidnet", "--device", "tpu"], UNKNOWN_DEVICE),
        (["scale", "davidnet", "--device", "tpu"], UNKNOWN_DEVICE),
        (["evaluate", "run", "--device", "tpu"], UNKNOWN_DEVICE),
        (["run", "davidnet", "--target", "94"], f"'94' {ACCURACY}"),
        (["run", "davidnet", "--target", "0"], f"'0' {ACCURACY}"),
        (["run", "davidnet", "--target", "100%"], f"'100%' {ACCURACY}"),
        (["ab", "davidnet", "speedrun", "--target", "high"], f"'high' {ACCURACY}"),
        (["runs", "--target", "94"], f"'94' {ACCURACY}"),
        (["run", "davidnet", "--epochs", "0"], "0 is not in the range x>=1"),
        (["scale", "davidnet", "--epochs", "-1"], "-1 is not in the range x>=1"),
        (["run", "davidnet", "--data", "cifar"], "did you mean cifar10?"),
        (["run", "davidnet", "--data", ""], "'' is not the name of a data set"),
        (
            ["run", "davidnet", "--track", "wanda"],
            "'wanda' is not one of 'tensorboard', 'trackio', ",
        ),
        (["show", "davidnet", "--rule", "lap"], RULES),
        (["report", "run", "--rule", "lap"], RULES),
        (["runs", "--rule", "lap"], RULES),
        (["site", "runs", "--rule", "lap"], RULES),
        (["ab", "davidnet", "speedrun", "--rule", "lap"], RULES),
        (["compare", "a", "b", "--rule", "lap"], RULES),
    ],
    ids=lambda value: " ".join(value[:1] + value[-2:]) if isinstance(value, list) else "",
)
def test_a_wrong_value_is_one_sentence_with_what_fits(
    arguments: list[str], sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    code, shown, errors = invoke(*arguments)
    assert code == 2
    assert sentence in errors
    assert (errors.startswith("dawnbench: "), errors.count("\n")) == (True, 1)
    assert shown == ""
    assert [path.name for path in tmp_path.iterdir()] == ["tiny.py"]


@pytest.mark.parametrize(
    "option", ["--target=940", "--device=tpu", "--epochs=0", "--data=cifar", "--track=x"]
)
def test_it_is_refused_without_torch_or_the_recipe(option: str, tmp_path: Path) -> None:
    (tmp_path / "slow.py").write_text("import torch\nraise RuntimeError('the recipe was read')\n")
    code = (
        "import sys; from dawnbench.cli import main\n"
        f"try: main(['run', 'slow.py', {option!r}])\n"
        "except SystemExit as error: assert error.code == 2\n"
        "assert 'torch' not in sys.modules\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, text=True, capture_output=True, check=True
    )
    assert "Invalid value for" in result.stderr


def test_a_target_is_a_percentage_or_a_fraction(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    options = ("--trials", "1", "--epochs", "1", "--device", "cpu")
    assert invoke("run", "tiny.py", "--target", "40 %", *options)[0] == 0
    (folder,) = (path for path in Path("runs").iterdir() if path.is_dir())
    assert json.loads((folder / "run.json").read_text())["recipe"]["target"] == 0.4
    for written in ("40%", "40 %", "0.4", "40.0%"):
        assert folder.name in invoke("runs", "--target", written)[1]
    assert "none of 1 run matches" in invoke("runs", "--target", "41%")[1]


def test_set_takes_a_target_as_a_percentage() -> None:
    recipe = find_recipe("quickstart")
    assert override(recipe, ["target=93.5%"]).target == 0.935
    code, _, errors = invoke("show", "quickstart", "--set", "target=940%")
    assert code == 2
    assert errors == (
        "dawnbench: target='940%' is not an accuracy between 0 and 100 %; write 94 percent as 94% or 0.94\n"
    )
