from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import pytest

from dawnbench.errors import DawnbenchError
from dawnbench.recipes import find_recipe, list_recipes

OWN = """
from dataclasses import dataclass, replace
from dawnbench.recipes import AugmentationPart, find_recipe

@dataclass(frozen=True)
class Grow(AugmentationPart, kind="grow_in_a_test"):
    by: int = 2
    note: str | None = None

    def build(self):
        return {"by": self.by, "note": self.note}

recipe = replace(find_recipe("davidnet"), name="mine", augmentation=(Grow(3),))
"""


def write(folder: Path, text: str) -> str:
    path = folder / "my recipe.py"
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_each_listed_recipe_is_found_by_its_name() -> None:
    assert [find_recipe(recipe.name) for recipe in list_recipes()] == list_recipes()
    assert {"davidnet", "davidnet-10", "quickstart"} <= {recipe.name for recipe in list_recipes()}


@pytest.mark.parametrize(("name", "nearest"), [("davidnet10", "davidnet-10"), ("quick", "quickstart")])
def test_an_unknown_name_is_refused_with_the_nearest_one(name: str, nearest: str) -> None:
    with pytest.raises(DawnbenchError, match=f"no recipe '{name}'; did you mean {nearest}"):
        find_recipe(name)


def test_a_series_is_not_taken_for_a_recipe() -> None:
    with pytest.raises(
        DawnbenchError, match=r"mnist-drill is a series, .* one of mnist-drill-1, mnist-drill-2"
    ):
        find_recipe("mnist-drill")


def test_a_misspelled_series_is_recognised() -> None:
    with pytest.raises(DawnbenchError, match=r"did you mean mnist-ladder\?"):
        find_recipe("mnist-lader")


def test_a_name_like_no_other_is_refused_with_all_of_them() -> None:
    with pytest.raises(DawnbenchError, match=r"davidnet-10.*quickstart.*\.py file"):
        find_recipe("zzz")


@pytest.mark.parametrize("head", ["", "from __future__ import annotations\n"])
def test_a_users_file_brings_its_own_recipe_and_its_own_part(tmp_path: Path, head: str) -> None:
    recipe = find_recipe(write(tmp_path, head + OWN))
    assert recipe.name == "mine"
    assert recipe.augmentation[0].build() == {"by": 3, "note": None}
    assert type(recipe).from_dict(recipe.to_dict()) == recipe


def test_two_files_of_one_name_bring_a_part_each(tmp_path: Path) -> None:
    found = []
    for folder, value in (("old", 3), ("new", 4)):
        (tmp_path / folder).mkdir()
        found.append(find_recipe(write(tmp_path / folder, OWN.replace("Grow(3)", f"Grow({value})"))))
    assert [recipe.augmentation[0].build()["by"] for recipe in found] == [3, 4]
    assert type(found[0].augmentation[0]) is not type(found[1].augmentation[0])


def test_a_file_changed_within_the_same_second_is_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    for value in (3, 4):
        name = write(tmp_path, OWN.replace("Grow(3)", f"Grow({value})"))
        os.utime(name, (1e9, 1e9))
        assert find_recipe(name).augmentation[0].build()["by"] == value  # type: ignore[attr-defined]
    assert [path.name for path in tmp_path.iterdir()] == [Path(name).name]


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(DawnbenchError, match=r"no recipe file .*mine\.py"):
        find_recipe(str(tmp_path / "mine.py"))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("1 / 0", "ZeroDivisionError: division by zero"),
        ("recipe = ", "SyntaxError"),
        ("import no_such_module_at_all", "ModuleNotFoundError: No module named 'no_such_module_at_all'"),
    ],
)
def test_a_file_that_raises_is_named_with_what_it_raised(tmp_path: Path, text: str, reason: str) -> None:
    with pytest.raises(DawnbenchError, match=rf"my recipe\.py cannot be run: .*{reason}"):
        find_recipe(write(tmp_path, text))


def test_a_sentence_of_ours_raised_in_a_file_stays_as_it_is(tmp_path: Path) -> None:
    text = "from dataclasses import replace\nfrom dawnbench.recipes import find_recipe\n"
    with pytest.raises(DawnbenchError, match=r"^target=94"):
        find_recipe(write(tmp_path, text + "recipe = replace(find_recipe('davidnet'), target=94)"))


@pytest.mark.parametrize("text", ["", "recipe = None", "recipe = {'name': 'davidnet'}"])
def test_a_file_without_a_recipe_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(DawnbenchError, match=r"my recipe\.py does not define a `recipe`"):
        find_recipe(write(tmp_path, text))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("import sys\nsys.exit(7)\n", r"line 2: it exits the process \(exit code 7\)"),
        ("x = 1\nraise ValueError('no')\n", "line 2: ValueError: no"),
        ("raise GeneratorExit\n", "line 1: GeneratorExit"),
        ("def f():\n    f()\nf()\n", "line 2: RecursionError"),
        ("import nothing_of_this_name\n", "line 1: ModuleNotFoundError"),
        ("x = = 1\n", r"SyntaxError: .*line 1"),
        ("\0", "SyntaxError"),
        ("x = '\udce9'\n", "SyntaxError"),
        ("x = 1\n", "does not define a `recipe`"),
        (
            "from dawnbench.recipes import find_recipe\nrecipe = [find_recipe('davidnet')] * 2\n",
            "does not define a",
        ),
    ],
)
def test_whatever_a_file_does_is_one_sentence_about_it(text: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(DawnbenchError, match=rf"mine\.py .*{said}"):
        find_recipe(str(path))


def test_an_interruption_while_a_file_is_loaded_stays_one(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        find_recipe(write(tmp_path, "raise KeyboardInterrupt\n"))


def test_a_folder_and_a_fifo_are_not_recipe_files(tmp_path: Path) -> None:
    (tmp_path / "folder.py").mkdir()
    os.mkfifo(tmp_path / "fifo.py")
    for name in ("folder.py", "fifo.py"):
        with pytest.raises(DawnbenchError, match="there is no recipe file"):
            find_recipe(str(tmp_path / name))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("precision='fp8'", 'precision="fp8" has the wrong type: it must be one of auto, fp32, bf16, fp16'),
        ("batch_size=64.0", "batch_size=64.0 has the wrong type: it must be a whole number"),
        ("epochs=2.5", "epochs=2.5 has the wrong type"),
        ("epochs=10**400", "epochs must be no larger than 9007199254740992"),
        ("name=5", "name=5 has the wrong type: it must be text"),
        ("trials=True", "trials=true has the wrong type"),
        ("target=float('nan')", "target=nan must be a fraction"),
        ("augmentation=None", "augmentation=null has the wrong type"),
    ],
)
def test_values_of_a_wrong_type_are_refused_as_the_file_makes_them(
    change: str, said: str, tmp_path: Path
) -> None:
    text = "from dataclasses import replace\nfrom dawnbench.recipes import find_recipe\n"
    text += f"recipe = replace(find_recipe('davidnet'), {change})\n"
    with pytest.raises(DawnbenchError, match=re.escape(said)):
        find_recipe(write(tmp_path, text))
