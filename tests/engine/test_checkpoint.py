"""Checkpoints of trials whose steps are captured; tests/campaigns/test_resume.py has whole runs."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from dawnbench.engine.checkpoint import Checkpoint, CheckpointFacts, SavedTrial, read_checkpoint
from dawnbench.engine.hooks import Hook, Progress
from dawnbench.engine.ledger import Ledger
from dawnbench.engine.trial import Trial
from dawnbench.engine.warm_up import warm_up
from dawnbench.errors import DawnbenchError
from dawnbench.grace import Grace
from tests.engine.fakes import CapturingDevice, Listener, results_of
from tests.engine.small import small

FACTS = CheckpointFacts(1, 3, "recipe", "data")


class MidEpoch(Hook):
    """Keeps the state of a trial in the middle of its second epoch, as a checkpoint's file gives it back."""

    segment = "checkpoint"

    def __init__(self, path: Path) -> None:
        self.path = path
        self.saved: SavedTrial | None = None

    def after_step(self, trial: Progress, step: int) -> None:
        if trial.epoch == 1 and trial.is_within_epoch and self.saved is None:
            Checkpoint(self.path, 1, FACTS, Grace()).save_and_interrupt(trial)
            self.saved = read_checkpoint(self.path, torch.device("cpu"))


@pytest.mark.usefixtures("one_thread")
@pytest.mark.parametrize("name", ["davidnet-10", "speedrun"])
def test_a_trial_of_captured_steps_goes_on_in_the_middle_of_an_epoch(name: str, tmp_path: Path) -> None:
    prepared = small(name, device=CapturingDevice())
    warm_up(prepared)
    kept = MidEpoch(tmp_path / "checkpoint.pt")
    whole = results_of(prepared, 3, (kept,))
    results_of(prepared, 4)
    assert kept.saved is not None
    assert (kept.saved.facts, kept.saved.epoch) == (FACTS, 1)
    listener = Listener()
    trial = Trial(prepared, 5, Ledger(prepared.device), (listener, MidEpoch(tmp_path / "other.pt")))
    kept.saved.load(trial)
    trial.run()
    assert listener.results == whole[1:]


def test_a_checkpoint_of_another_model_is_refused_in_a_sentence(tmp_path: Path) -> None:
    kept = MidEpoch(tmp_path / "checkpoint.pt")
    results_of(small("davidnet-10"), 3, (kept,))
    assert kept.saved is not None
    other = small("davidnet-10", "model.widths=[3,3,4,5]")
    trial = Trial(other, 3, Ledger(other.device), (Listener(), MidEpoch(tmp_path / "other.pt")))
    with pytest.raises(DawnbenchError, match=r"checkpoint.pt cannot be used: .*size mismatch"):
        kept.saved.load(trial)


def test_no_checkpoint_is_none(tmp_path: Path) -> None:
    assert read_checkpoint(tmp_path / "checkpoint.pt", torch.device("cpu")) is None


def test_a_full_disk_is_said_with_what_to_do(tmp_path: Path) -> None:
    blocked = MidEpoch(tmp_path / "missing")
    blocked.path.mkdir()
    with pytest.raises(DawnbenchError, match=r"cannot write .*missing: .*; free disk space, or omit"):
        results_of(small("davidnet-10"), 3, (blocked,))
