"""A run that several tests read."""

from __future__ import annotations

import pytest

from dawnbench.records.reader import Run, read_run
from tests.records.full_runs import full_run


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Five trials of ten epochs with telemetry; the GPU throttles in the first."""
    return read_run(full_run(tmp_path_factory.mktemp("runs") / "20260203T040506Z-davidnet-abcdef"))
