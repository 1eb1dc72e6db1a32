from __future__ import annotations

from pathlib import Path

import pytest

from dawnbench.export.trackers import replay
from dawnbench.records.reader import Run
from dawnbench.safe_text import slug
from tests.cli.made_runs import HOSTILE, steers
from tests.export.trackers.conftest import FOLDER, PARAMETERS, figures_by_epoch, store_of

PROJECT = slug(HOSTILE)


@pytest.fixture(scope="module")
def store(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("trackio")
    store = store_of(tmp_path_factory.mktemp("trackio"))
    said = replay(run, "trackio", store)
    assert said.startswith("trackio: look at it with `TRACKIO_DIR='")
    assert said.endswith(f"trackio show --project {PROJECT}`")
    return store


def logs(trial: int) -> list[dict[str, object]]:
    from trackio.sqlite_storage import SQLiteStorage

    return SQLiteStorage.get_logs(PROJECT, f"{FOLDER}/trial-{trial}")


def test_the_trials_are_runs_of_the_recipes_project(store: Path) -> None:
    from trackio import Api

    assert [run.name for run in Api().runs(PROJECT)] == [f"{FOLDER}/trial-1", f"{FOLDER}/trial-2"]
    assert [path.name for path in store.glob("*.db")] == [f"{PROJECT}.db"]


@pytest.mark.parametrize("trial", [1, 2])
def test_every_epoch_is_there_under_its_number(run: Run, store: Path, trial: int) -> None:
    for key, figures in figures_by_epoch(run, trial).items():
        assert [(log["step"], log[key]) for log in logs(trial) if key in log] == figures


def test_times_and_result_are_those_of_the_run(run: Run, store: Path) -> None:
    (result,) = (log for log in logs(1) if "result/seconds_dawnbench" in log)
    assert result["result/seconds_dawnbench"] == run.trials[0].seconds["dawnbench"]
    assert result["step"] == 1
    assert str(logs(1)[0]["timestamp"]).startswith("2026-02-03T04:05:0")


def test_the_sensors_are_system_metrics(run: Run, store: Path) -> None:
    from trackio.sqlite_storage import SQLiteStorage

    rows = SQLiteStorage.get_system_logs(PROJECT, f"{FOLDER}/trial-1")
    clocks = [row["telemetry/gpu_sm_clock_MHz"] for row in rows]
    assert (clocks[0], clocks[-1]) == (1980, 1500)


def test_parameters_and_tags_are_the_configuration(run: Run, store: Path) -> None:
    from trackio.sqlite_storage import SQLiteStorage

    kept = SQLiteStorage.get_run_config(PROJECT, f"{FOLDER}/trial-2")
    assert kept.items() >= {**PARAMETERS, "seed": 1, "status": "diverged"}.items()
    assert kept["data_fingerprint"] == run.record.data.fingerprint
    assert kept["tags.branch"] == "main"
    assert not any(steers(str(value)) for value in kept.values())


def test_told_again_it_is_there_once(run: Run, store: Path) -> None:
    before = logs(1), logs(2)
    replay(run, "trackio", store)
    assert (logs(1), logs(2)) == before


def test_a_second_store_in_the_same_process_gets_its_own(run: Run, store: Path, tmp_path: Path) -> None:
    replay(run, "trackio", tmp_path / "other")
    assert (tmp_path / "other" / f"{PROJECT}.db").stat().st_size > 0
    replay(run, "trackio", store)
