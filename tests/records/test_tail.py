"""Following a run folder that grows."""

from __future__ import annotations

from pathlib import Path

import pytest

from dawnbench.errors import DawnbenchError
from dawnbench.records.tail import Tail
from tests.records.examples import TRIAL, epoch
from tests.records.folders import line, make_run


def test_each_line_comes_once_and_an_incomplete_line_waits(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "a", (), (epoch(),))
    tail = Tail(folder)
    assert tail.epochs() == [epoch()]
    assert tail.epochs() == []
    second = line(epoch(epoch=2))
    with (folder / "epochs.jsonl").open("a") as file:
        file.write(second[:20])
        file.flush()
        assert tail.epochs() == []
        file.write(second[20:] + line(epoch(epoch=3)))
    assert tail.epochs() == [epoch(epoch=2), epoch(epoch=3)]
    (folder / "trials.jsonl").write_text(line(TRIAL))
    assert tail.trials() == [TRIAL]
    tail.close()


def test_anything_but_a_run_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DawnbenchError, match=r"is not a run folder"):
        Tail(tmp_path)


def test_an_impossible_line_or_value_is_skipped(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "a", (), ())
    (folder / "epochs.jsonl").write_text("{}\n" + line(epoch(train_seconds=1e308)) + "[\n")
    tail = Tail(folder)
    assert tail.epochs() == [epoch(train_seconds=None)]
    tail.close()
