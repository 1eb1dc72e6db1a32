"""What the commands that read cost, as whole processes on two cores: start, many runs, and large runs.

`python -m pytest benchmarks/test_commands.py [-k load] [--share 0.01]`. pytest-benchmark's table has the
seconds, and its JSON (`--benchmark-json`) the processor time and the memory as well.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.processes import Cost, measure
from tests.records.large_runs import write_many, write_run

pytestmark = pytest.mark.timeout(3600)
LISTED, IN_SITE = 10_000, 1_000
"""Runs."""
VERBS = {
    "show": ("show", "RUN"),
    "log": ("log", "RUN"),
    "report": ("report", "RUN", "-o", "OUT/report.md"),
    "page": ("report", "RUN", "-o", "OUT/report.html"),
    "write-up": ("report", "RUN", "--style", "writeup", "-o", "OUT/writeup.md"),
    "site": ("site", "RUNS", "-o", "OUT/site"),
    "export json": ("export", "RUN", "--format", "json", "-o", "OUT/run.json"),
    "export csv": ("export", "RUN", "--format", "csv", "-o", "OUT"),
    "export parquet": ("export", "RUN", "--format", "parquet", "-o", "OUT"),
    "export mlperf": ("export", "RUN", "--format", "mlperf", "-o", "OUT", "--author", "A"),
    "export tensorboard": ("export", "RUN", "--format", "tensorboard", "-o", "OUT"),
}
"""What follows `dawnbench`; RUN, RUNS and OUT stand for the run folder, its parent and a new folder."""
FOLDERS: dict[str, dict[str, Any]] = {
    "2,000 trials of 50 epochs": {"trials": 2_000, "epochs": 50, "trial_seconds": 5.0, "hertz": 0.0},
    "a day at 20 Hz": {"trials": 500, "epochs": 10, "trial_seconds": 172.7, "hertz": 20.0},
}
Costs = Callable[..., list[Cost]]


@pytest.fixture
def costs(benchmark: BenchmarkFixture, tmp_path: Path) -> Costs:
    """Measure a command some times; `before` is called before each."""

    def repeat(words: Sequence[str], rounds: int = 1, before: Callable[[], None] | None = None) -> list[Cost]:
        found: list[Cost] = []
        benchmark.pedantic(lambda: found.append(measure(words, tmp_path)), setup=before, rounds=rounds)
        for name in ("processor_seconds", "megabytes"):
            benchmark.extra_info[name] = [round(getattr(cost, name), 2) for cost in found]
        assert {cost.status for cost in found} == {0}, (tmp_path / "printed").read_text()
        return found

    return repeat


@pytest.mark.parametrize("verb", ["--help", "list"])
def test_a_verb_that_only_tells_something_answers_within_half_a_second(costs: Costs, verb: str) -> None:
    _, *warm = costs([verb], rounds=6)  # the first one may compile the modules
    assert sorted(cost.wall_seconds for cost in warm)[2] <= 0.5


def test_ten_thousand_runs_list_in_15_seconds_and_then_in_3(
    costs: Costs, tmp_path: Path, share: float
) -> None:
    folder = write_many(tmp_path / "runs", range(round(LISTED * share)), trials=4)
    first, *again = costs(["runs", str(folder)], rounds=4)
    assert f"{round(LISTED * share)} runs" in (tmp_path / "printed").read_text()
    assert first.wall_seconds <= 15
    assert max(cost.wall_seconds for cost in again) <= 3
    assert max(cost.megabytes for cost in again) <= 300
    shutil.rmtree(folder)


def test_a_site_of_a_thousand_runs_takes_60_seconds_and_with_a_new_run_15(
    costs: Costs, tmp_path: Path, share: float
) -> None:
    runs = round(IN_SITE * share)
    shape = {"trials": 5, "hertz": 20.0}
    folder = write_many(tmp_path / "runs", range(runs), **shape)
    numbers = iter(range(runs, runs + 4))

    def one_more() -> None:
        number = next(numbers)
        write_many(folder, range(number, number + 1), **shape)

    first, *again = costs(["site", str(folder), "-o", str(tmp_path / "site")], rounds=4, before=one_more)
    assert len(list((tmp_path / "site" / "runs").iterdir())) == runs + 4
    assert first.wall_seconds <= 60
    assert max(cost.wall_seconds for cost in again) <= 15
    shutil.rmtree(folder)


@pytest.fixture(scope="module", params=FOLDERS)
def large_run(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, share: float
) -> Iterator[Path]:
    place, shape = tmp_path_factory.mktemp("large"), FOLDERS[request.param]
    run = place / "runs" / "20260101T000000Z-davidnet-10-000000"
    yield write_run(run, **shape | {"trials": max(1, round(shape["trials"] * share))})
    shutil.rmtree(place)


@pytest.mark.parametrize("verb", VERBS)
def test_load(costs: Costs, large_run: Path, tmp_path: Path, verb: str) -> None:
    words = {"RUN": str(large_run), "RUNS": str(large_run.parent)}
    costs([words.get(word, word.replace("OUT", str(tmp_path))) for word in VERBS[verb]])
