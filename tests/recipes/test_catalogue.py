from __future__ import annotations

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
    with pytest.raises(DawnbenchError, match=rf"my recipe\.py cannot be run: {reason}"):
        find_recipe(write(tmp_path, text))


def test_a_sentence_of_ours_raised_in_a_file_stays_as_it_is(tmp_path: Path) -> None:
    text = "from dataclasses import replace\nfrom dawnbench.recipes import find_recipe\n"
    with pytest.raises(DawnbenchError, match=r"^target=94"):
        find_recipe(write(tmp_path, text + "recipe = replace(find_recipe('davidnet'), target=94)"))


@pytest.mark.parametrize("text", ["", "recipe = None", "recipe = {'name': 'davidnet'}"])
def test_a_file_without_a_recipe_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(DawnbenchError, match=r"my recipe\.py defines no `recipe`"):
        find_recipe(write(tmp_path, text))
