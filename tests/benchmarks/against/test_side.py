from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.against import RefusedError, open_side
from dawnbench.errors import DawnbenchError
from tests.benchmarks.against.conftest import MakeTree

SETTINGS = ["epochs=3"]


def test_a_turn_is_an_epochs_steps_without_the_evaluation(make_tree: MakeTree, tmp_path: Path) -> None:
    with open_side(make_tree("old"), "davidnet", SETTINGS, 1, tmp_path) as side:
        turns = [side.turn() for _ in range(3)]
    for turn in turns:
        assert 0.005 <= turn.cpu < 0.008
        assert turn.wall >= 0.0049


def test_the_process_ends_with_the_block(make_tree: MakeTree, tmp_path: Path) -> None:
    with open_side(make_tree("old"), "davidnet", SETTINGS, 1, tmp_path) as side:
        assert side.process.poll() is None
    assert side.process.poll() is not None


def test_a_recipe_that_the_package_lacks_is_told_in_its_own_words(
    make_tree: MakeTree, tmp_path: Path
) -> None:
    with (
        open_side(make_tree("old"), "speedrun", SETTINGS, 1, tmp_path) as side,
        pytest.raises(RefusedError, match="there is no recipe 'speedrun'"),
    ):
        side.turn()


def test_a_process_that_breaks_off_has_the_last_word(make_tree: MakeTree, tmp_path: Path) -> None:
    tree = make_tree("old", fault="raise ValueError('no such kernel')")
    with (
        open_side(tree, "davidnet", SETTINGS, 1, tmp_path) as side,
        pytest.raises(DawnbenchError, match="broke off: ValueError: no such kernel"),
    ):
        side.turn()


def test_a_tree_without_the_package_does_not_measure_the_installed_one(
    make_tree: MakeTree, tmp_path: Path
) -> None:
    tree = make_tree("old")
    (tree / "dawnbench").rename(tree / "another")
    with (
        open_side(tree, "davidnet", SETTINGS, 1, tmp_path) as side,
        pytest.raises(DawnbenchError, match="dawnbench was found in"),
    ):
        side.turn()
