"""What a command costs, measured in a process of its own."""

from __future__ import annotations

from pathlib import Path

from benchmarks.processes import measure
from tests.records.full_runs import full_run


def test_a_command_is_measured(tmp_path: Path) -> None:
    folder = full_run(tmp_path / "run", trials=3)
    cost = measure(["log", str(folder)], tmp_path)
    assert cost.status == 0
    assert 0 < cost.processor_seconds < 30
    assert 10 < cost.megabytes < 300
    assert "## Trial 1" in (folder / "log.md").read_text()
