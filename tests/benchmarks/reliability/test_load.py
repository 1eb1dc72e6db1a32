"""The measurement of commands under load, on folders that are small."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.reliability.load import VERBS, measure
from benchmarks.runs import write_run
from dawnbench.records.reader import read_run
from dawnbench.records.samples import read_samples


def test_its_folders_are_whole_runs(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "run", trials=3, epochs=4, trial_seconds=2.0, hertz=20.0)
    run, samples = read_run(folder), read_samples(folder)
    assert (len(run.trials), len(run.epochs), run.warnings) == (3, 12, ())
    assert samples is not None
    assert len(samples) == pytest.approx(3 * 40, abs=3)
    assert all(trial.epochs_to_target == 3 for trial in run.trials)


def test_a_command_is_measured_in_a_process_of_its_own(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "run", trials=1, epochs=2, trial_seconds=2.0, hertz=0.0)
    cost = measure(["log", str(folder)], tmp_path)
    assert VERBS["log"] == ("log", "RUN")
    assert cost.status == 0
    assert 0 < cost.processor_seconds < 30
    assert 10 < cost.megabytes < 300
    assert "## Trial 1" in (folder / "log.md").read_text()
