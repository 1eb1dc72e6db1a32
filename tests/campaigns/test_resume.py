"""Runs that were killed at some moment and are finished by another process, on a perceptron."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
import torch

import dawnbench.campaigns.session as module
from dawnbench.campaigns import resume, run
from dawnbench.campaigns.observer import SilentObserver
from dawnbench.engine.checkpoint import CHECKPOINT_NAME
from dawnbench.recipes import Recipe, find_recipe
from dawnbench.records.reader import Run, read_run
from dawnbench.records.schema import EpochRecord, RunRecord, TrialRecord
from tests.cli.conftest import TINY_RECIPE
from tests.records.examples import RUN

EPOCHS, TRIALS = 4, 3


class Snapshots(SilentObserver):
    """Copies the run folder after each event, as a kill at that moment would leave it."""

    def __init__(self, place: Path) -> None:
        self._place, self._folder = place, Path()
        self.taken: dict[str, Path] = {}

    def _take(self, name: str) -> None:
        self.taken[name] = Path(shutil.copytree(self._folder, self._place / name / self._folder.name))

    def run_started(self, record: RunRecord, folder: Path, steps: int) -> None:
        self._folder = folder
        self._take("start")

    def trial_started(self, trial: int, seed: int) -> None:
        self._trial = trial

    def step(self, steps: int) -> None:
        if steps == 30:
            self._take(f"{self._trial} step {steps}")

    def epoch_ended(self, record: EpochRecord) -> None:
        self._take(f"{record.trial}.{record.epoch}")

    def trial_ended(self, record: TrialRecord) -> None:
        self._take(f"{record.trial} ended")


@pytest.fixture(scope="module")
def recipe(tmp_path_factory: pytest.TempPathFactory) -> Recipe:
    folder = tmp_path_factory.mktemp("recipe")
    (folder / "tiny.py").write_text(TINY_RECIPE)
    tiny = find_recipe(str(folder / "tiny.py"))
    return replace(tiny, epochs=EPOCHS, trials=TRIALS, target=0.3)


@pytest.fixture(scope="module", autouse=True)
def _quick() -> Any:
    """Leave out the description of the model, and compute on one thread, whose sums have one order."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "describe_model", lambda *_: RUN.model)
        before = torch.get_num_threads()
        torch.set_num_threads(1)
        yield
        torch.set_num_threads(before)


@pytest.fixture(scope="module")
def whole(recipe: Recipe, tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, dict[str, Path]]:
    """Return a run with a checkpoint every second epoch, and its folder at each event."""
    place = tmp_path_factory.mktemp("whole")
    snapshots = Snapshots(place)
    folder = run(
        recipe,
        device="cpu",
        seed=7,
        out=place / "runs",
        observer=snapshots,
        save_model=True,
        checkpoint_every=2,
    )
    assert not (folder / CHECKPOINT_NAME).exists()
    return read_run(folder), snapshots.taken


@pytest.fixture
def killed(whole: tuple[Run, dict[str, Path]], tmp_path: Path) -> Callable[[str], Path]:
    """Return a function that gives the folder of a run killed after an event."""

    def copy(event: str) -> Path:
        return Path(shutil.copytree(whole[1][event], tmp_path / whole[1][event].name))

    return copy


def figures(epoch: EpochRecord) -> dict[str, Any]:
    return {
        name: value
        for name, value in asdict(epoch).items()
        if name not in ("train_seconds", "evaluate_seconds", "energy_joules")
    }


def results(run: Run) -> tuple[list[Any], list[Any]]:
    """Return what of a run must not depend on a kill."""
    return (
        [(t.trial, t.seed, t.status, t.accuracy, t.epochs_to_target) for t in run.trials],
        [figures(epoch) for epoch in run.epochs],
    )


@pytest.mark.parametrize(
    ("event", "trial", "after"),
    [
        ("start", 1, 0),
        ("3 step 30", 3, 2),
        ("1.1", 1, 0),
        ("1.2", 1, 0),  # the epoch is recorded before its checkpoint is written
        ("1.3", 1, 2),
        ("1.4", 1, 2),
        ("1 ended", 2, 0),  # the checkpoint of the first trial is still there
        ("2.1", 2, 0),
        ("2.3", 2, 2),
        ("3.4", 3, 2),
        ("3 ended", None, 0),
    ],
)
def test_a_killed_run_comes_to_what_it_would_have_come_to(
    event: str,
    trial: int | None,
    after: int,
    killed: Callable[[str], Path],
    whole: tuple[Run, dict[str, Path]],
) -> None:
    folder = killed(event)
    before = {name: (folder / f"{name}.jsonl").read_bytes() for name in ("trials", "epochs", "telemetry")}
    assert resume(folder, ended=True) == folder
    ended = read_run(folder)
    assert results(ended) == results(whole[0])
    assert ended.record.status == "finished"
    assert not ended.warnings
    assert not (folder / CHECKPOINT_NAME).exists()
    assert (folder / "model.safetensors").exists()
    for name, content in before.items():
        assert (folder / f"{name}.jsonl").read_bytes().startswith(content)
    (resumption,) = ended.record.resumptions
    assert (resumption.trial, resumption.after_epochs) == (trial, after)
    assert [t.trial for t in ended.trials if t.resumed_after is not None] == [trial] * bool(after)
