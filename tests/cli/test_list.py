"""The verbs that train nothing, and the sentences that refuse."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from dawnbench import __version__
from dawnbench.cli import main
from dawnbench.recipes.catalogue import PLACES, SERIES
from tests.export.json_schemas import faults, published


def invoke(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(main, arguments)
    return result.exit_code, result.stdout, result.stderr


def test_list_names_every_recipe_within_80_columns() -> None:
    code, shown, _ = invoke("list")
    assert code == 0
    for name in ("davidnet ", "davidnet-10", "quickstart"):
        assert name in shown
    assert all(len(line.rstrip()) <= 80 for line in shown.splitlines())


def test_version() -> None:
    assert invoke("--version")[1] == f"dawnbench {__version__}\n"


def test_help_documents_the_exit_codes() -> None:
    for arguments in (("--help",), ("run", "--help")):
        shown = invoke(*arguments)[1]
        for code in ("0  ", "2  ", "3  ", "4  ", "70  ", "130  "):
            assert f"\n    {code}" in shown


@pytest.mark.parametrize("arguments", [["--help"], ["list"], ["--version"], ["log", "nowhere"]])
def test_what_trains_nothing_loads_no_torch(arguments: list[str]) -> None:
    code = (
        "import sys; from dawnbench.cli import main\n"
        f"try: main({arguments!r})\n"
        "except SystemExit: pass\n"
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


def test_show_gives_keys_parameters_and_flops() -> None:
    code, shown, _ = invoke("show", "davidnet", "--set", "epochs=10")
    assert code == 0
    for line in ("epochs=10", "batch_size=512", "augmentation.cutout.size=8", 'dataset.name="cifar10"'):
        assert f"\n{line}\n" in shown
    assert "6,573,120 parameters trained, 0 fixed; 1.16 TFLOP per step" in shown
    assert "augmentation: crop, flip, cutout" in shown


@pytest.mark.parametrize(
    ("arguments", "schema"),
    [
        (["list"], "list-v1.json"),
        (["doctor"], "doctor-v1.json"),
        (["show", "mnist-tiny"], "show-recipe-v1.json"),
        (["show", "mnist-tiny", "--set", "epochs=3"], "show-recipe-v1.json"),
        (["show", "tiny.py"], "show-recipe-v1.json"),
    ],
)
def test_json_is_one_document_that_fits_its_schema(
    arguments: list[str], schema: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    code, shown, errors = invoke(*arguments, "--json")
    assert (code, errors) == (0, "")
    assert faults(json.loads(shown), published(schema)) == []


def test_a_recipe_in_json_has_what_its_text_says() -> None:
    document = json.loads(invoke("show", "mnist-tiny", "--set", "epochs=3", "--json")[1])
    assert (document["name"], document["settings"]["epochs"]) == ("mnist-tiny", 3)
    assert document["model"]["parameters"] == 1888
    assert all(isinstance(size, int) for size in document["peak_memory_bytes"].values())
    assert document["digest"] in invoke("show", "mnist-tiny", "--set", "epochs=3")[1]


def test_the_list_in_json_has_every_recipe_and_series() -> None:
    document = json.loads(invoke("list", "--json")[1])
    assert [recipe["name"] for recipe in document["recipes"]] == list(PLACES)
    assert {one["name"]: tuple(one["recipes"]) for one in document["series"]} == SERIES
    assert document["recipes"][0]["target"] == 0.94


def test_doctor_has_a_word_on_the_checkout() -> None:
    code, shown, _ = invoke("doctor")
    assert code == 0
    assert "git checkout" in shown


@pytest.fixture
def wrong_npz(tmp_path: Path) -> Path:
    path = tmp_path / "wrong.npz"
    np.savez(path, x_train=np.zeros((4, 8, 8), np.uint8))
    return path


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["run", "davidnett"], "there is no recipe 'davidnett'; did you mean davidnet?"),
        (["run", "nowhere.py"], "there is no recipe file nowhere.py"),
        (["run", "quickstart", "--set", "optimizer.momentm=0.8"], "did you mean optimizer.momentum?"),
        (["run", "quickstart", "--set", "batch_size=many"], 'batch_size="many" has the wrong type'),
        (["run", "quickstart", "--set", "epochs"], "--set epochs has no value"),
        (["run", "quickstart", "--set", "trials=0"], "trials=0 must be at least 1"),
        (["run", "quickstart", "--device", "cuda:9"], "device cuda:9 is not available"),
        (["run", "quickstart", "--data", "nowhere.npz"], "nowhere.npz"),
        (
            ["run", "quickstart", "--set", "batch_size=5000"],
            "batch_size=5000 exceeds the 1437 training images; choose a smaller one, as with --set batch",
        ),
        (["run", "quickstart", "--set", "dataset.image_size=8"], "does not accept batches"),
        (["run", "davidnet", "--data", "digits", "--set", "augmentation.cutout.size=40"], "cutout"),
        (["show", "quickstart", "--set", "model=3"], "is a group of fields"),
        (["log", "nowhere"], "nowhere is not a run folder"),
    ],
)
def test_wrong_input_is_one_sentence_and_status_2(
    arguments: list[str], sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    code, _, errors = invoke(*arguments)
    assert code == 2
    assert errors.startswith("dawnbench: ")
    assert errors.count("\n") == 1
    assert sentence in errors
    assert not (tmp_path / "runs").exists(), "nothing is recorded of a run that could not begin"


def test_a_data_file_that_lacks_arrays_is_refused_by_name(wrong_npz: Path) -> None:
    code, _, errors = invoke("run", "quickstart", "--data", str(wrong_npz))
    assert code == 2
    assert "wrong.npz" in errors
    assert "y_train" in errors


def test_a_place_that_takes_no_runs_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    code, _, errors = invoke("run", "quickstart", "--out", str(tmp_path / "file" / "runs"))
    assert code == 2
    assert "cannot write" in errors
    assert "--out" in errors


@pytest.mark.parametrize(
    "verb",
    [
        ("run", "quickstart", "--trials", "3"),
        ("run", "mnist-ladder", "--trials", "3"),
        ("ab", "quickstart", "quickstart", "--trials", "3"),
        ("scale", "quickstart", "--batch", "64", "--trials", "3"),
    ],
    ids=lambda verb: " ".join(verb[:2]),
)
def test_seeds_that_a_trial_could_not_take_are_refused_before_anything_starts(
    verb: tuple[str, ...], tmp_path: Path
) -> None:
    for seed in ("18446744073709551616", "9223372036854775806", "-1"):
        code, _, error = invoke(*verb, "--seed", seed, "--out", str(tmp_path / "out"))
        assert code == 2
        assert error.startswith(f"dawnbench: seed={seed} ")
        assert len(error.splitlines()) == 1
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "verb",
    [
        ("run", "quickstart"),
        ("ab", "quickstart", "quickstart"),
        ("scale", "quickstart", "--batch", "64"),
        ("profile", "quickstart"),
        ("report", "."),
        ("site", "."),
        ("export", ".", "--format", "json"),
        ("baseline", "save", ".", "--name", "x"),
    ],
    ids=lambda verb: verb[0],
)
def test_an_empty_place_is_not_taken_for_the_working_folder(verb: tuple[str, ...]) -> None:
    code, _, error = invoke(*verb, "--out", "")
    assert code == 2
    assert "'--out': it is empty; write . for the working folder" in error


@pytest.mark.parametrize(
    "verb",
    [
        ("run", "quickstart"),
        ("scale", "quickstart", "--batch", "64"),
        ("site", "."),
        ("baseline", "save", ".", "--name", "x"),
        ("profile", "quickstart"),
    ],
    ids=lambda verb: verb[0],
)
def test_what_writes_files_does_not_take_standard_output_for_a_place(
    verb: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    code, _, error = invoke(*verb, "--out", "-")
    assert code == 2
    kind = "file" if verb[0] == "profile" else "folder"
    assert f"it cannot be standard output; name a {kind} (./- for one called -)" in error
    assert not Path("-").exists()


@pytest.mark.parametrize(
    "verb",
    [("run", "quickstart"), ("ab", "quickstart", "quickstart"), ("scale", "quickstart", "--batch", "64")],
)
def test_a_file_in_place_of_the_folder_of_runs_is_refused_at_once(
    verb: tuple[str, ...], tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    code, _, error = invoke(*verb, "--out", str(tmp_path / "file"))
    assert code == 2
    assert "is a file" in error
