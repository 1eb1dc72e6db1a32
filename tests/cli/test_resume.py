"""The verb resume, after signals that end a run in this process."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from dawnbench.cli.signals import MEANT_TO_STOP
from dawnbench.records.reader import read_run
from dawnbench.records.schema import EpochRecord
from dawnbench.report.display import PlainDisplay
from tests.cli.conftest import Finished, only_run, small_run


@pytest.fixture
def stopped(dawnbench: Callable[..., Finished], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Finished]:
    """Return a function that runs two trials and gets SIGTERM after the second epoch of the second."""

    def call(*options: str) -> Finished:
        shown = PlainDisplay.epoch_ended

        def epoch_ended(self: PlainDisplay, record: EpochRecord) -> None:
            shown(self, record)
            if (record.trial, record.epoch) == (2, 2):
                signal.raise_signal(signal.SIGTERM)

        with monkeypatch.context() as patch:
            patch.setattr(PlainDisplay, "epoch_ended", epoch_ended)
            result = dawnbench(*small_run("--trials=2", "--epochs=3", "--target=1%", *options))
        for number in MEANT_TO_STOP:
            signal.signal(number, signal.default_int_handler)
        return result

    return call


def test_a_run_that_sigterm_ends_is_finished_from_its_checkpoint(
    stopped: Callable[..., Finished], dawnbench: Callable[..., Finished], tmp_path: Path
) -> None:
    result = stopped("--checkpoint-every=50", "--save-model", "--tag=branch=main")
    assert result.returncode == 130
    folder = only_run(tmp_path)
    assert f"  dawnbench resume {folder.relative_to(tmp_path)}\n" in result.stdout
    assert f"dawnbench resume {folder.name}\\` goes on from its checkpoint" in (folder / "log.md").read_text()
    result = dawnbench("resume", folder.name, "--recipe", "tiny.py")
    assert result.returncode == 0, result.stderr
    assert "note: resumed at" in result.stdout
    assert "dawnbench resume" not in result.stdout
    run = read_run(folder)
    assert [(t.trial, t.status, t.resumed_after) for t in run.trials] == [
        (1, "finished", None),
        (2, "finished", 2),
    ]
    assert (run.record.status, run.record.tags) == ("finished", {"branch": "main"})
    assert (folder / "model.safetensors").exists()
    told = "trial 2 went on from its checkpoint after epoch 2, and has no times"
    assert told in " ".join((folder / "log.md").read_text().split())
    assert told in " ".join(dawnbench("show", str(folder)).stdout.split())
    assert dawnbench("report", str(folder)).returncode == 0
    assert told in " ".join((folder / "report.md").read_text().split())
    again = dawnbench("resume", str(folder))
    assert again.returncode == 2
    assert "is finished; start a new run" in again.stderr


def test_without_checkpoints_the_trial_starts_again_and_json_tells_each_event(
    stopped: Callable[..., Finished], dawnbench: Callable[..., Finished], tmp_path: Path
) -> None:
    assert stopped().returncode == 130
    folder = only_run(tmp_path)
    result = dawnbench("resume", "latest", "--recipe", "tiny.py", "--json")
    assert result.returncode == 0, result.stderr
    events = [json.loads(line) for line in result.stdout.splitlines()]
    told = [(e["trial"], e["epoch"]) for e in events if e["event"] == "epoch"]
    assert told == [(2, 1), (2, 2), (2, 3)]
    assert (events[-1]["event"], events[-1]["trials"]) == ("summary", 2)
    run = read_run(folder)
    assert [(e.trial, e.epoch) for e in run.epochs] == [(t, e) for t in (1, 2) for e in (1, 2, 3)]
    assert len((folder / "epochs.jsonl").read_text().splitlines()) == 8
    assert all(t.resumed_after is None and t.seconds["dawnbench"] for t in run.trials)


def test_a_folder_of_runs_and_something_else_are_refused(
    dawnbench: Callable[..., Finished], tmp_path: Path
) -> None:
    (tmp_path / "runs").mkdir()
    for what in ("runs", "nothing"):
        result = dawnbench("resume", what)
        assert result.returncode == 2
        assert "dawnbench: " in result.stderr
