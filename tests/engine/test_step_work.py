"""A training step does no more than it did: the part of its time that no machine has a say in."""

from __future__ import annotations

import warnings

import pytest

from benchmarks.work import RECIPES, change_of, committed, count_work, torch_minor


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_step_has_no_more_work_than_it_had(recipe: str) -> None:
    version, kept = committed()
    if torch_minor() != version:
        pytest.skip(
            f"the committed work is that of torch {version} and this is {torch_minor()}, which may split a "
            "step into other operations"
        )
    change = change_of(recipe, count_work(recipe), kept[recipe])
    if change is None:
        return
    grew, sentence = change
    if grew:
        pytest.fail(sentence, pytrace=False)
    warnings.warn(f"{sentence}, so that it stays so", stacklevel=1)
