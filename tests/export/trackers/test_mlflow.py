from __future__ import annotations

import os
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest

from dawnbench.errors import DawnbenchError
from dawnbench.export.trackers import open_tracker, replay
from dawnbench.records.reader import Run
from dawnbench.safe_text import slug
from tests.cli.made_runs import HOSTILE, steers
from tests.export.trackers.conftest import FOLDER, PARAMETERS, figures_by_epoch, store_of

PROJECT = slug(HOSTILE)
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:mlflow")


@pytest.fixture(scope="module")
def store(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("mlflow")
    import mlflow.tracking  # noqa: F401  # before the fork, since it takes seconds

    store = store_of(tmp_path_factory.mktemp("mlflow"))
    other = replace(run, record=replace(run.record, recipe_name="another"))
    beside = get_context("fork").Process(target=replay, args=(other, "mlflow", store))
    beside.start()
    said = replay(run, "mlflow", store)
    beside.join()
    assert beside.exitcode == 0, "two processes make a new store at once"
    assert said.startswith("mlflow: look at it with `mlflow ui --backend-store-uri '")
    return store


@pytest.fixture(scope="module")
def client(store: Path) -> Any:
    from mlflow import MlflowClient

    return MlflowClient(tracking_uri=f"sqlite:///{store / 'mlflow.db'}")


def runs(client: Any) -> dict[str, Any]:
    experiment = client.get_experiment_by_name(PROJECT)
    found = client.search_runs([experiment.experiment_id])
    named = {run.info.run_name: run for run in found}
    assert len(named) == len(found), "each of them once"
    return named


def test_a_run_folder_is_a_run_with_its_trials_below(client: Any) -> None:
    found = runs(client)
    assert sorted(found) == [FOLDER, f"{FOLDER}/trial-1", f"{FOLDER}/trial-2"]
    parent = found[FOLDER].info.run_id
    children = [found[f"{FOLDER}/trial-{n}"] for n in (1, 2)]
    assert [child.data.tags["mlflow.parentRunId"] for child in children] == [parent, parent]
    assert [child.info.status for child in children] == ["FINISHED", "FAILED"]
    assert found[FOLDER].info.status == "FINISHED"
    assert children[1].info.start_time > children[0].info.end_time > children[0].info.start_time
    assert children[0].info.start_time == 1770091506000


@pytest.mark.parametrize("trial", [1, 2])
def test_every_epoch_is_there_under_its_number(run: Run, client: Any, trial: int) -> None:
    run_id = runs(client)[f"{FOLDER}/trial-{trial}"].info.run_id
    for key, figures in figures_by_epoch(run, trial).items():
        kept = client.get_metric_history(run_id, key)
        assert sorted((metric.step, metric.value) for metric in kept) == figures


def test_parameters_and_tags_can_be_searched(run: Run, client: Any) -> None:
    data = runs(client)[f"{FOLDER}/trial-2"].data
    assert data.params.items() >= {key: str(value) for key, value in PARAMETERS.items()}.items()
    assert data.params["seed"] == "1"
    assert data.tags["dawnbench.data_fingerprint"] == run.record.data.fingerprint
    assert (data.tags["branch"], data.tags["tag.mlflow.parentRunId"]) == ("main", "x")
    assert not any(steers(text) for text in (*data.params.values(), *data.tags.values()))


def test_results_stand_with_the_trial_and_in_a_row_with_the_run(run: Run, client: Any) -> None:
    found = runs(client)
    own = found[f"{FOLDER}/trial-1"].data.metrics
    assert own["result/seconds_dawnbench"] == run.trials[0].seconds["dawnbench"]
    row = client.get_metric_history(found[FOLDER].info.run_id, "result/best_accuracy")
    assert sorted((m.step, m.value) for m in row) == [(t.trial, t.best_accuracy) for t in run.trials]


def test_the_sensors_are_there_by_milliseconds(run: Run, client: Any) -> None:
    run_id = runs(client)[f"{FOLDER}/trial-1"].info.run_id
    clocks = sorted(
        (m.step, m.value) for m in client.get_metric_history(run_id, "telemetry/gpu_sm_clock_MHz")
    )
    assert (clocks[0][1], clocks[-1][1]) == (1980, 1500)
    assert clocks[-1][0] == pytest.approx(run.trials[0].wall_seconds * 1000, abs=100)


def test_told_again_it_is_there_once(run: Run, store: Path, client: Any) -> None:
    before = {name: one.data.metrics for name, one in runs(client).items()}
    replay(run, "mlflow", store)
    assert {name: one.data.metrics for name, one in runs(client).items()} == before


def test_mlflow_sends_no_figures_about_its_use(store: Path) -> None:
    assert os.environ["MLFLOW_DISABLE_TELEMETRY"] == "true"


def test_a_place_that_its_address_cannot_name_is_refused_in_a_sentence(tmp_path: Path) -> None:
    pytest.importorskip("mlflow")
    with pytest.raises(DawnbenchError, match=r"mlflow takes no path with \?, # or % in it, and .*50% has"):
        open_tracker("mlflow", tmp_path / "50%")
