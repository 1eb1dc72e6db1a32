"""Real NVML readings: 49 s of one H200 at 20 samples per second; it trained during the second half."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dawnbench.records.reader import Run, read_run
from dawnbench.records.samples import Samples, read_samples
from dawnbench.report.report_files import places, write_report
from dawnbench.report.text.run_report import report
from tests.records.full_runs import full_run

REAL = Path(__file__).with_name("h200-telemetry.jsonl")


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Return a run of one trial, as long as the samples, with the samples in its folder."""
    began, ended = (json.loads(line)["t_ns"] for line in (REAL.read_text().splitlines()[i] for i in (0, -1)))
    seconds = (ended - began) / 1e9
    folder = full_run(tmp_path / "run", trials=1, epochs=8, epoch_seconds=seconds / 9, hertz=0)
    shutil.copyfile(REAL, folder / "telemetry.jsonl")
    lines = (folder / "trials.jsonl").read_text().splitlines()
    trial = json.loads(lines[0]) | {"began_ns": began}
    (folder / "trials.jsonl").write_text(json.dumps(trial) + "\n")
    return read_run(folder)


def samples_of(run: Run) -> Samples:
    found = read_samples(run.folder)
    assert found is not None
    return found


def test_every_sample_is_read_and_belongs_to_the_trial(run: Run) -> None:
    samples = samples_of(run)
    assert len(samples) == 808
    assert samples.warnings == ()
    of_trial = samples.of_trial(run.trials[0])
    assert of_trial is not None
    assert len(of_trial) > 0.9 * len(samples)


def test_the_gpu_drew_more_power_under_load_and_never_throttled(run: Run) -> None:
    samples = samples_of(run)
    power, busy = samples.values["gpu_power"], samples.values["gpu_utilization"]
    assert 110 < np.nanmin(power) < np.nanmax(power) < 700
    assert np.nanmean(power[busy > 90]) > np.nanmean(power[busy < 10]) + 30
    assert not any(samples.throttle)
    assert set(samples.values["gpu_sm_clock"]) == {1980.0}


def test_values_that_could_not_be_read_at_first_are_gaps_not_zeros(run: Run) -> None:
    others = samples_of(run).values["cpu_other_utilization"]
    assert np.isnan(others[0])
    assert np.isfinite(others[-1])


def test_reports_and_pages_are_written_from_it(run: Run) -> None:
    assert "## Telemetry" in report([replace(run)], "strict", "dawn")
    write_report([run], "strict", "dawn", places([run], None))
    page = (run.folder / "report.html").read_text()
    assert "GPU power" in page
    assert (run.folder / "figures" / "telemetry.svg").stat().st_size > 5_000
