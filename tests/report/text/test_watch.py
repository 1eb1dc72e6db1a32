"""A run followed from its folder."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dawnbench.records.reader import read_record
from dawnbench.records.schema import RunRecord
from dawnbench.records.tail import Tail
from dawnbench.report.display import PlainDisplay
from dawnbench.report.text.watch import QUIET_SECONDS, watch
from tests.records.examples import TRIAL, epoch
from tests.records.folders import line, make_run


class World:
    """A clock that a pause moves on, while things happen in a run folder."""

    def __init__(self, folder: Path, events: list[Callable[[], None]]) -> None:
        self.folder, self.events, self.now = folder, events, 0.0
        self.complaints: list[str] = []

    def pause(self, seconds: float) -> None:
        self.now += seconds
        if self.events:
            self.events.pop(0)()

    def watch(self) -> str:
        shown = io.StringIO()
        display = PlainDisplay(shown, "milliseconds")
        watch(
            self.folder,
            display,
            pause=self.pause,
            clock=lambda: self.now,
            complain=self.complaints.append,
        )
        return shown.getvalue()


def appended(path: Path, text: str) -> Callable[[], None]:
    def append() -> None:
        with path.open("a") as file:
            file.write(text)

    return append


def ended(folder: Path, status: str = "finished") -> Callable[[], None]:
    def end() -> None:
        path = folder / "run.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | {"status": status}))

    return end


def going_on(folder: Path) -> Path:
    return make_run(folder, (), (epoch(),), status="running", trials=2)


def test_what_is_there_comes_first_and_the_rest_as_it_comes(tmp_path: Path) -> None:
    folder = going_on(tmp_path / "a")
    epochs, trials = folder / "epochs.jsonl", folder / "trials.jsonl"
    text = World(
        folder,
        [
            appended(epochs, line(epoch(epoch=2)) + line(epoch(epoch=3))),
            lambda: None,
            lambda: (appended(trials, line(TRIAL))(), appended(epochs, line(epoch(trial=2, epoch=1)))())[0],
            ended(folder),
        ],
    ).watch()
    rows = [row.split()[1] for row in text.splitlines() if row.startswith("| ") and row.split()[1].isdigit()]
    assert rows == ["1", "2", "3", "1"]
    assert text.index("trial 1/2, seed 0") < text.index("trial 2/2, seed 1")
    # The first trial's end is told before the second one begins.
    assert text.index(TRIAL.warnings[0]) < text.index("trial 2/2")


def test_what_a_run_wrote_just_before_its_end_is_shown(tmp_path: Path) -> None:
    folder = going_on(tmp_path / "a")

    def last_words() -> None:
        appended(folder / "epochs.jsonl", line(epoch(epoch=7)))()
        ended(folder, "interrupted")()

    assert "| 7 " in World(folder, [last_words]).watch()


def test_a_run_that_is_over_is_shown_at_once(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "a")
    world = World(folder, [])
    assert "| 1 " in world.watch()
    assert world.now == 0


def test_silence_is_told_once(tmp_path: Path) -> None:
    folder = going_on(tmp_path / "a")
    waiting: list[Callable[[], None]] = [lambda: None] * (int(3 * QUIET_SECONDS / 0.5))
    world = World(folder, [*waiting, ended(folder)])
    world.watch()
    assert len(world.complaints) == 1
    assert "killed" in world.complaints[0]


def test_what_comes_ends_a_silence(tmp_path: Path) -> None:
    folder = going_on(tmp_path / "a")
    nearly: list[Callable[[], None]] = [lambda: None] * int(0.9 * QUIET_SECONDS / 0.5)
    news = appended(folder / "epochs.jsonl", line(epoch(epoch=2)))
    world = World(folder, [*nearly, news, *nearly, ended(folder)])
    world.watch()
    assert world.complaints == []


def test_a_round_without_news_reads_nothing_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = going_on(tmp_path / "a")
    records, taken = list[str](), list[int]()

    def counted_record(folder: Path) -> tuple[RunRecord, list[str]]:
        records.append(folder.name)
        return read_record(folder)

    class Counted(Tail):
        def _new(self, name: str, adapter: Any) -> Any:
            at = self._files[name].tell()
            found = super()._new(name, adapter)
            taken.append(self._files[name].tell() - at)
            return found

    monkeypatch.setattr("dawnbench.records.tail.read_record", counted_record)
    monkeypatch.setattr("dawnbench.report.text.watch.Tail", Counted)
    quiet: list[Callable[[], None]] = [lambda: None] * 1_000
    news = appended(folder / "epochs.jsonl", line(epoch(epoch=2)))
    World(folder, [*quiet, news, *quiet, ended(folder)]).watch()
    assert records == ["a"] * 2  # at the start, and once the status had changed
    assert sum(taken) == (folder / "epochs.jsonl").stat().st_size
    assert len(taken) > 4_000


def test_an_epoch_that_a_resumption_trained_again_is_shown_once(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "a", (), (epoch(), epoch(epoch=2), epoch(epoch=2)), status="finished")
    text = World(folder, []).watch()
    rows = [row.split()[1] for row in text.splitlines() if row.startswith("| ") and row.split()[1].isdigit()]
    assert rows == ["1", "2"]
