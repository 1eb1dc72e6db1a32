"""The verbs that only tell something answer at once."""

from __future__ import annotations

import subprocess
import sys

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

MAX_SECONDS = 0.5
VERBS = ("--help", "list")


@pytest.mark.parametrize("verb", VERBS)
def test_answers_within_half_a_second(benchmark: BenchmarkFixture, verb: str) -> None:
    command = [sys.executable, "-m", "dawnbench", verb]
    # The first run of all may compile the modules and read them from the disk.
    benchmark.pedantic(
        lambda: subprocess.run(command, check=True, capture_output=True),
        rounds=5,
        iterations=1,
        warmup_rounds=1,
    )
    assert benchmark.stats is not None
    assert benchmark.stats.stats.median <= MAX_SECONDS


@pytest.mark.parametrize("verb", VERBS)
def test_does_not_import_torch(verb: str) -> None:
    program = (
        "import sys\n"
        "from dawnbench.cli import main\n"
        f"main([{verb!r}], standalone_mode=False)\n"
        "sys.exit('torch' in sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, capture_output=True)
