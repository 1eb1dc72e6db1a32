from __future__ import annotations

import subprocess

import pytest


@pytest.mark.slow
def test_runs_that_are_killed_in_any_segment_are_resumed_without_a_loss(warm: str) -> None:
    command = [warm, "-m", "tests.reliability.resumes", "3"]
    result = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "kills, 0 troubles" in result.stdout
