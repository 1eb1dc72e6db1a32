"""Made run folders are whole runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from dawnbench.records.reader import read_run
from dawnbench.records.samples import read_samples
from tests.records.large_runs import write_run


def test_a_made_folder_is_a_whole_run_with_its_telemetry(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "run", trials=3, epochs=4, trial_seconds=2.0, hertz=20.0)
    run, samples = read_run(folder), read_samples(folder)
    assert (len(run.trials), len(run.epochs), run.warnings) == (3, 12, ())
    assert samples is not None
    assert len(samples) == pytest.approx(3 * 41, abs=4)
