"""Ten thousand run folders list in a moment, as whole processes on two cores see it."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.processes import Cost, cost_of, start
from benchmarks.runs import write_run
from dawnbench.records.index import SETTLED_NS

RUNS = 10_000
FIRST_SECONDS, SECOND_SECONDS, MAX_MEGABYTES = 15.0, 3.0, 300.0


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Runs as davidnet-10 leaves them, of 3 to 5 trials each; some trials reach the target, others do not."""
    folder = tmp_path_factory.mktemp("many")
    for number in range(RUNS):
        write_number(folder, number)
    # A list does not keep what was written a moment ago.
    time.sleep(SETTLED_NS / 1e9)
    yield folder
    shutil.rmtree(folder)


def write_number(folder: Path, number: int) -> None:
    created = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=7 * number)
    recipe = ("davidnet-10", "davidnet", "quickstart")[number % 3]
    write_run(
        folder / f"{created:%Y%m%dT%H%M%SZ}-{recipe}-{number:06x}",
        trials=3 + number % 3,
        trial_seconds=2.5 + number % 100 / 1000,
        misses=5,
        recipe_name=recipe,
        created=created.isoformat(timespec="seconds"),
        device_name=("AMD EPYC", "NVIDIA H200")[number % 2],
    )


def list_in_a_process(folder: Path, cache: Path, output: Path) -> Cost:
    cost = cost_of(start(["runs", str(folder)], output, cache))
    assert cost.status == 0, output.read_text()
    lines = output.read_text().splitlines()
    assert lines[-2].startswith(f"{RUNS} runs"), lines[-2]
    assert lines[1].startswith("20260218T143300Z-davidnet-10-00270f"), lines[1]
    return cost


@pytest.mark.timeout(600)
def test_ten_thousand_runs_are_listed_the_first_time(
    benchmark: BenchmarkFixture, folder: Path, tmp_path: Path
) -> None:
    costs: list[Cost] = []

    def first() -> None:
        costs.append(list_in_a_process(folder, tmp_path / f"cache-{len(costs)}", tmp_path / "listed"))

    benchmark.pedantic(first, rounds=2, iterations=1)
    report(benchmark, costs)
    assert max(cost.wall_seconds for cost in costs) <= FIRST_SECONDS


@pytest.mark.timeout(600)
def test_ten_thousand_runs_are_listed_the_second_time(
    benchmark: BenchmarkFixture, folder: Path, tmp_path: Path
) -> None:
    list_in_a_process(folder, tmp_path / "cache", tmp_path / "listed")
    costs: list[Cost] = []

    def again() -> None:
        costs.append(list_in_a_process(folder, tmp_path / "cache", tmp_path / "listed"))

    benchmark.pedantic(again, rounds=5, iterations=1)
    report(benchmark, costs)
    assert max(cost.wall_seconds for cost in costs) <= SECOND_SECONDS
    assert max(cost.megabytes for cost in costs) <= MAX_MEGABYTES


def report(benchmark: BenchmarkFixture, costs: list[Cost]) -> None:
    benchmark.extra_info |= {
        "seconds": [round(cost.wall_seconds, 3) for cost in costs],
        "most megabytes": round(max(cost.megabytes for cost in costs), 1),
    }
    print(benchmark.extra_info)
