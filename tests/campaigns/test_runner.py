"""A run whose steps cannot be captured: what its observers hear and its folder keeps."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from dawnbench.campaigns import Observer, SilentObserver, run, runner, session
from dawnbench.engine.device import CaptureError
from dawnbench.engine.device.cpu import CpuDevice
from dawnbench.recipes import Recipe, find_recipe
from dawnbench.records.reader import read_run
from dawnbench.report.display import JsonLinesDisplay, PlainDisplay, TerminalDisplay
from tests.cli.conftest import TINY_RECIPE
from tests.records.examples import RUN

NOTE = "the training steps could not be captured (it waits), so the host launches every kernel itself"


class Capturing(CpuDevice):
    """Captures nothing, and says so only once a step has been tried."""

    captures = True
    reason: str | None = "it waits"

    def capture(self, function: Callable[[], None]) -> Callable[[], None]:
        function()
        if self.reason is not None:
            raise CaptureError(self.reason)
        return function


@pytest.fixture
def device(monkeypatch: pytest.MonkeyPatch) -> Capturing:
    """The device of every run; what `describe_model` loads is left out, it takes long."""
    device = Capturing("cpu")
    monkeypatch.setattr(runner, "open_rank_device", lambda _name, _ranks: device)
    monkeypatch.setattr(session, "describe_model", lambda *_: RUN.model)
    return device


@pytest.fixture
def recipe(tmp_path: Path) -> Recipe:
    (tmp_path / "tiny.py").write_text(TINY_RECIPE)
    return replace(find_recipe(str(tmp_path / "tiny.py")), epochs=2, trials=2)


class Heard(SilentObserver):
    def __init__(self) -> None:
        self.events: list[str] = []

    def noted(self, sentence: str) -> None:
        self.events.append(sentence)

    def trial_started(self, trial: int, seed: int) -> None:
        self.events.append(f"trial {trial}")


def test_it_is_noted_once_before_the_first_trial_and_the_run_goes_on(
    device: Capturing, recipe: Recipe, tmp_path: Path
) -> None:
    heard = Heard()
    folder = run(recipe, out=tmp_path / "runs", observer=heard)
    assert heard.events == [NOTE, "trial 1", "trial 2"]
    found = read_run(folder)
    assert found.record.notes == (NOTE,)
    assert json.loads((folder / "run.json").read_text())["notes"] == [NOTE]
    assert found.record.status == "finished"
    assert [trial.status for trial in found.trials] == ["finished", "finished"]


def test_a_run_that_can_be_captured_notes_nothing(device: Capturing, recipe: Recipe, tmp_path: Path) -> None:
    device.reason = None
    heard = Heard()
    folder = run(recipe, out=tmp_path / "runs", observer=heard)
    assert heard.events == ["trial 1", "trial 2"]
    assert read_run(folder).record.notes == ()


def test_a_recipe_that_forgoes_captures_has_nothing_to_note(
    device: Capturing, recipe: Recipe, tmp_path: Path
) -> None:
    folder = run(replace(recipe, capture=False), out=tmp_path / "runs")
    assert read_run(folder).record.notes == ()


def _plain(file: io.StringIO) -> Observer:
    return PlainDisplay(file, "seconds")


def _json(file: io.StringIO) -> Observer:
    return JsonLinesDisplay(file)


def _terminal(file: io.StringIO) -> Observer:
    return TerminalDisplay(Console(file=file, width=200, force_terminal=True, color_system=None), "seconds")


@pytest.mark.parametrize("make", [_plain, _json, _terminal])
def test_every_display_says_so_once(
    device: Capturing, recipe: Recipe, tmp_path: Path, make: Callable[[io.StringIO], Observer]
) -> None:
    file = io.StringIO()
    run(recipe, out=tmp_path / "runs", observer=make(file))
    assert file.getvalue().count(NOTE) == 1
