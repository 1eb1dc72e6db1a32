"""A training step does no more than it did: the part of its time that no machine has a say in."""

from __future__ import annotations

import warnings

import pytest

from tests.engine.step_work import RECIPES, Work, change_of, committed, count_work, torch_minor

KEPT = {"mm": Work(10, 2_000, 300), "relu": Work(5, 0, 80)}


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


def test_a_new_operation_is_named_with_what_there_is_in_all() -> None:
    assert change_of("davidnet", dict(KEPT), KEPT) is None
    change = change_of("davidnet", {**KEPT, "clone": Work(5, 0, 4_000)}, KEPT)
    assert change is not None
    assert change[0]
    assert "15 calls became 20, 380 bytes became 4,380 in 5 steps, by clone;" in change[1]


def test_only_what_grew_in_all_is_growth() -> None:
    fewer = change_of("davidnet", {"mm": KEPT["mm"]}, KEPT)
    assert fewer is not None
    assert not fewer[0]
    more_bytes = change_of("davidnet", {"mm": Work(4, 2_000, 900)}, KEPT)
    assert more_bytes is not None
    assert more_bytes[0], "fewer calls hide more bytes"
