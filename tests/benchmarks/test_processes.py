"""What a command costs, on a run folder made for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.processes import measure
from dawnbench.records.reader import read_run
from dawnbench.records.samples import read_samples
from tests.records.large_runs import write_run


def test_made_folders_are_whole_runs_and_a_command_on_them_is_measured_in_a_process(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "run", trials=3, epochs=4, trial_seconds=2.0, hertz=20.0)
    run, samples = read_run(folder), read_samples(folder)
    assert (len(run.trials), len(run.epochs), run.warnings) == (3, 12, ())
    assert samples is not None
    assert len(samples) == pytest.approx(3 * 41, abs=4)
    cost = measure(["log", str(folder)], tmp_path)
    assert cost.status == 0
    assert 0 < cost.processor_seconds < 30
    assert 10 < cost.megabytes < 300
    assert "## Trial 1" in (folder / "log.md").read_text()
