"""Which trial's model a run keeps."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from safetensors import safe_open

from dawnbench.campaigns import SilentObserver, run, session
from dawnbench.optim.schedules import Schedule
from dawnbench.recipes import Recipe, SchedulePart, find_recipe
from dawnbench.records.reader import read_run
from tests.cli.conftest import TINY_RECIPE
from tests.records.examples import RUN


class Breaking(Schedule):
    """A rate that is no number in the last epoch of the trials from number `first` on."""

    is_precomputable = False
    first, trial = 1, 0

    def __call__(self, epoch: float) -> float:
        return 3e38 if self.trial >= self.first and epoch > 1 else 0.1


class Counting(SilentObserver):
    """Tells the schedule which trial it is."""

    def trial_started(self, trial: int, seed: int) -> None:
        Breaking.trial = trial


@dataclass(frozen=True)
class BreakingSpec(SchedulePart, kind="breaks in a later trial"):
    def build(self) -> Schedule:
        return Breaking()


@pytest.fixture
def recipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Recipe:
    monkeypatch.setattr(session, "describe_model", lambda *_: RUN.model)
    monkeypatch.setattr(session, "check_memory", lambda *_: None)
    monkeypatch.setattr(Breaking, "trial", 0)
    (tmp_path / "tiny.py").write_text(TINY_RECIPE)
    return replace(find_recipe(str(tmp_path / "tiny.py")), epochs=2, trials=3)


def test_it_is_that_of_the_last_trial(recipe: Recipe, tmp_path: Path) -> None:
    folder = run(recipe, device="cpu", seed=7, out=tmp_path / "runs", save_model=True)
    with safe_open(folder / "model.safetensors", "pt") as file:
        facts = file.metadata()
    assert (facts["trial"], facts["seed"], facts["recipe_digest"]) == ("3", "9", recipe.digest())
    assert [path.name for path in folder.iterdir() if "partial" in path.name] == []


@pytest.mark.parametrize("first", [1, 2])
def test_a_trial_that_diverges_in_its_last_epoch_keeps_no_model(
    recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, first: int
) -> None:
    monkeypatch.setattr(Breaking, "first", first)
    breaking = replace(recipe, schedule=BreakingSpec())
    folder = run(breaking, device="cpu", out=tmp_path / "runs", observer=Counting(), save_model=True)
    finished = ["finished"] * (first - 1)
    assert [t.status for t in read_run(folder).trials] == [*finished, *["diverged"] * (3 - len(finished))]
    kept = folder / "model.safetensors"
    assert kept.exists() == bool(finished)
    if finished:
        with safe_open(kept, "pt") as file:
            assert file.metadata()["trial"] == "1"
