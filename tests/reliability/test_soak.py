from __future__ import annotations

from pathlib import Path

from dawnbench.records.reader import read_run
from tests.reliability.soak import MAX_GROWTH, growth, soak


def test_half_a_simulated_hour_of_trials_leaves_memory_and_open_files_as_they_were(tmp_path: Path) -> None:
    looks = soak(36, tmp_path)
    assert len({(look.files, look.threads) for look in looks}) == 1
    assert growth(looks) <= MAX_GROWTH
    (folder,) = (tmp_path / "runs").iterdir()
    run = read_run(folder)
    assert len(run.trials) == 36
    assert run.trials[-1].telemetry is not None
    assert run.trials[-1].telemetry.samples > 1000
