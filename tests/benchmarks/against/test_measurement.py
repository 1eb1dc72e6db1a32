from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import against
from benchmarks.against import SAME, SLOWER, RefusedError, Side, Turn, judge, measure
from dawnbench.errors import DawnbenchError
from tests.benchmarks.against.conftest import MakeTree


@pytest.fixture(autouse=True)
def _few_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(against, "TURNS", 4)


@pytest.mark.parametrize(("planted", "status"), [(1.0, SAME), (1.08, SLOWER)])
def test_finds_a_slowdown_and_only_where_there_is_one(
    make_tree: MakeTree, tmp_path: Path, planted: float, status: int
) -> None:
    make_tree("old", seconds=0.002)
    make_tree("new", seconds=0.002 * planted)
    found = measure(tmp_path, "davidnet", 6, 1)
    assert found.ratio.value == pytest.approx(planted, abs=0.015)
    assert found.step_seconds == pytest.approx((0.002, 0.002 * planted), rel=0.02)
    assert judge("davidnet", found).status == status


def test_the_order_turns_with_each_pair_of_turns(
    make_tree: MakeTree, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_tree("old")
    make_tree("new")
    order: list[str] = []
    take = Side.turn

    def noted(side: Side) -> Turn:
        order.append(side.name)
        return take(side)

    monkeypatch.setattr(Side, "turn", noted)
    measure(tmp_path, "davidnet", 2, 1)
    first, second = " ".join(order[:10]), " ".join(order[10:])
    assert first == "old new old new new old old new new old"
    assert second == "old new new old old new new old old new"


def test_only_the_revision_may_lack_a_recipe(make_tree: MakeTree, tmp_path: Path) -> None:
    make_tree("old", known=())
    make_tree("new")
    with pytest.raises(RefusedError):
        measure(tmp_path, "davidnet", 2, 1)
    (tmp_path / "old").rename(tmp_path / "third")
    (tmp_path / "new").rename(tmp_path / "old")
    (tmp_path / "third").rename(tmp_path / "new")
    with pytest.raises(DawnbenchError, match="the working tree does not train davidnet: there is no") as told:
        measure(tmp_path, "davidnet", 2, 1)
    assert not isinstance(told.value, RefusedError)
