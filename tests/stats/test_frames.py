from __future__ import annotations

import math
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from dawnbench.errors import DawnbenchError
from dawnbench.records.prices import Prices
from dawnbench.stats.frames import load_runs
from dawnbench.stats.price_list import PriceList
from tests.records.examples import TRIAL, epoch
from tests.records.folders import make_run
from tests.records.full_runs import full_run
from tests.records.inference_runs import inference_run, passes

MISSED = replace(
    TRIAL, trial=2, seed=8, epochs_to_target=None, seconds={"dawnbench": None, "cold": 9.5}, telemetry=None
)
EPOCHS = (epoch(), epoch(trial=2, train_loss=None, energy_joules=3.5))
TRIAL_COLUMNS = [
    "run",
    "recipe",
    "device",
    "created",
    "trial",
    "seed",
    "status",
    "target",
    "seconds_dawnbench",
    "seconds_airbench",
    "seconds_strict",
    "seconds_cold",
    "epochs_to_target",
    "accuracy",
    "best_accuracy",
    "energy_joules",
    "energy_to_target_joules",
    "wall_seconds",
    "precision",
    "fingerprint",
    "cost_per_hour",
    "price_per_kwh",
    "grams_per_kwh",
    "dollars_dawnbench",
    "dollars_airbench",
    "dollars_strict",
    "dollars_cold",
    "electricity_to_target_dollars",
    "co2_to_target_grams",
]
EPOCH_COLUMNS = [
    "run",
    "trial",
    "epoch",
    "learning_rate",
    "train_seconds",
    "evaluate_seconds",
    "train_loss",
    "train_accuracy",
    "validation_loss",
    "validation_accuracy",
    "energy_joules",
]


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two runs; the working directory is their parent folder."""
    monkeypatch.chdir(tmp_path)
    make_run(tmp_path / "runs" / "b-run", [TRIAL, MISSED], EPOCHS, created="2026-01-01T10:00:00+00:00")
    make_run(
        tmp_path / "runs" / "a-run",
        recipe_name="quickstart",
        device_name="NVIDIA H200",
        target=0.9,
        created="2026-01-02T10:00:00+00:00",
    )
    return tmp_path / "runs"


def test_there_is_one_row_per_trial_oldest_run_first(runs: Path) -> None:
    trials = load_runs(runs).trials
    assert list(trials.columns) == TRIAL_COLUMNS
    assert trials[["run", "trial", "seed"]].values.tolist() == [
        ["b-run", 1, 7],
        ["b-run", 2, 8],
        ["a-run", 1, 7],
    ]
    first = trials.iloc[0]
    assert (first.recipe, first.device, first.status, first.precision) == (
        "davidnet",
        "AMD EPYC",
        "finished",
        "fp32",
    )
    assert first.created == pd.Timestamp("2026-01-01T10:00:00", tz="UTC")
    assert (first.target, first.accuracy, first.best_accuracy, first.wall_seconds) == (0.94, 0.95, 0.95, 2.5)
    assert (first.seconds_dawnbench, first.energy_joules, first.epochs_to_target) == (2.0, 5.0, 1)
    assert first.fingerprint == "cd" * 32


def test_values_that_were_not_measured_are_missing(runs: Path) -> None:
    first, second = (load_runs(runs).trials.iloc[i] for i in range(2))
    assert first.isna()[lambda missing: missing].index.tolist() == [
        "seconds_airbench",
        "seconds_strict",
        "seconds_cold",
        "energy_to_target_joules",
        *TRIAL_COLUMNS[TRIAL_COLUMNS.index("cost_per_hour") :],
    ]
    assert second.epochs_to_target is pd.NA
    assert second.isna()[["seconds_dawnbench", "energy_joules"]].all()
    assert second.seconds_cold == 9.5


def test_costs_are_of_the_recorded_price_unless_another_is_given(tmp_path: Path) -> None:
    telemetry = replace(TRIAL.telemetry, energy_to_target_joules=3.6e6)  # type: ignore[type-var]
    recorded = replace(TRIAL, seconds={"dawnbench": 1800.0, "cold": None}, telemetry=telemetry)
    make_run(tmp_path / "runs" / "a", [recorded], prices=Prices(2.0, 0.3))
    (row,) = load_runs(tmp_path / "runs").trials.itertuples()
    assert (row.cost_per_hour, row.dollars_dawnbench, row.electricity_to_target_dollars) == (2.0, 1.0, 0.3)
    assert math.isnan(row.dollars_cold)
    assert math.isnan(row.co2_to_target_grams)
    (row,) = load_runs(tmp_path / "runs", prices=PriceList(Prices(6.0))).trials.itertuples()
    assert (row.cost_per_hour, row.dollars_dawnbench, row.electricity_to_target_dollars) == (6.0, 3.0, 0.3)


def test_there_is_one_row_per_epoch(runs: Path) -> None:
    epochs = load_runs(runs, recipe="davidnet").epochs
    assert list(epochs.columns) == EPOCH_COLUMNS
    assert epochs.run.tolist() == ["b-run", "b-run"]
    assert epochs.trial.tolist() == [1, 2]
    assert epochs.train_accuracy.tolist() == [0.6, 0.6]
    assert epochs.validation_accuracy.tolist() == [0.6, 0.6]
    assert epochs.learning_rate.tolist() == [0.1, 0.1]
    assert epochs.train_loss.isna().tolist() == [False, True]
    assert epochs.energy_joules.isna().tolist() == [True, False]


def test_no_runs_give_empty_frames_with_the_same_columns(runs: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    full, empty = load_runs(runs), load_runs(tmp_path / "empty")
    assert (len(empty.trials), len(empty.epochs), empty.warnings) == (0, 0, ())
    assert empty.trials.dtypes.to_dict() == full.trials.dtypes.to_dict()
    assert empty.epochs.dtypes.to_dict() == full.epochs.dtypes.to_dict()
    assert str(empty.trials.dtypes["epochs_to_target"]) == "Int64"
    assert str(empty.trials.dtypes["created"]) == "datetime64[us, UTC]"


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"recipe": "quick*"}, ["a-run"]),
        ({"device": "epyc"}, ["b-run"]),
        ({"target": "90%"}, ["a-run"]),
        ({"recipe": "none"}, []),
    ],
)
def test_filters(runs: Path, options: dict[str, str], expected: list[str]) -> None:
    assert load_runs(runs, **options).trials.run.drop_duplicates().tolist() == expected


@pytest.mark.parametrize(
    "where",
    [
        (),
        ("runs",),
        ("runs/a-run", "runs/b-run"),
        ("runs/*",),
        ("r*",),
        ("**",),
        ("runs", "runs/a-run", "runs/[ab]*"),
    ],
)
def test_runs_found_by_folder_and_by_glob_count_once(runs: Path, where: tuple[str, ...]) -> None:
    (runs / "README.md").touch()
    assert load_runs(*where).trials.run.tolist() == ["b-run", "b-run", "a-run"]


@pytest.mark.parametrize("where", ["nowhere", "runs/c*", "runs/*.md"])
def test_a_path_that_does_not_exist_is_an_error(runs: Path, where: str) -> None:
    (runs / "README.md").touch()
    with pytest.raises(DawnbenchError, match="nothing found at "):
        load_runs(runs, where)


def test_a_folder_that_cannot_be_read_is_a_warning(runs: Path) -> None:
    (runs / "b-run" / "run.json").write_text("{")
    for where in ("runs", "runs/*"):
        loaded = load_runs(where)
        assert loaded.trials.run.tolist() == ["a-run"]
        (warning,) = loaded.warnings
        assert "b-run" in warning


def test_an_impossible_line_is_left_out_with_a_warning(runs: Path) -> None:
    (runs / "b-run" / "epochs.jsonl").write_text('{"trial": 1}\n')
    loaded = load_runs("runs")
    assert set(loaded.trials.run) == {"a-run", "b-run"}
    assert set(loaded.epochs.run) == {"a-run"}
    (warning,) = loaded.warnings
    assert "epochs.jsonl, line 1" in warning


def test_an_unreadable_folder_that_was_named_explicitly_is_an_error(runs: Path) -> None:
    (runs / "b-run" / "run.json").write_text("{\n")
    with pytest.raises(DawnbenchError, match="b-run"):
        load_runs("runs/*", "runs/b-run")


def test_a_torn_last_line_is_a_warning_and_the_rest_is_there(runs: Path) -> None:
    path = runs / "b-run" / "trials.jsonl"
    path.write_bytes(path.read_bytes()[:-9])
    loaded = load_runs("runs")
    assert loaded.trials.run.tolist() == ["b-run", "a-run"]
    (warning,) = loaded.warnings
    assert "b-run: trials.jsonl: the last line is torn" in warning


def test_folders_with_the_same_name_are_distinguished_by_path(runs: Path) -> None:
    make_run(runs.parent / "more" / "a-run", created="2026-01-03T10:00:00+00:00")
    loaded = load_runs("runs", "more")
    assert loaded.trials.run.drop_duplicates().tolist() == [
        "b-run",
        str(Path("runs/a-run")),
        str(Path("more/a-run")),
    ]
    assert set(loaded.epochs.run) == set(loaded.trials.run)


def test_unusual_values_keep_their_columns(runs: Path) -> None:
    """A rule that this version does not know, a 64-bit seed, and a time written by hand."""
    odd = replace(TRIAL, seed=2**64 - 1, seconds={"dawnbench": 1.0, "lap": 0.5})
    make_run(runs / "odd", [odd], created="yesterday")
    loaded = load_runs("runs")
    row = loaded.trials.set_index("run").loc["odd"]
    assert (row.seconds_lap, row.seed) == (0.5, 2**64 - 1)
    assert row.created is pd.NaT
    assert list(loaded.trials.columns) == [*TRIAL_COLUMNS, "seconds_lap", "dollars_lap"]


def test_only_the_call_imports_pandas(runs: Path) -> None:
    program = (
        "import sys\n"
        "from dawnbench.stats.frames import load_runs\n"
        "assert not {'pandas', 'scipy', 'torch'} & set(sys.modules)\n"
        "load_runs('runs')\n"
        "assert 'torch' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_passes_of_inference_runs_have_columns_of_their_own_which_trainings_leave_empty(
    tmp_path: Path,
) -> None:
    full_run(tmp_path / "runs" / "training", trials=1, epochs=1)
    before = list(load_runs(tmp_path / "runs").trials)
    inference_run(tmp_path / "runs" / "answers", passes(0.0036, 2), created="2026-03-03T04:05:06+00:00")
    prices = PriceList(given=Prices(cost_per_hour=1.0))
    trials = load_runs(tmp_path / "runs", prices=prices).trials
    assert "runtime" not in before
    training, first, _ = trials.to_dict("records")
    assert (training["runtime"], first["runtime"], first["images"]) == ("", "torch", 10_000)
    assert first["latency_seconds"] == pytest.approx(0.0036)
    assert first["p99_seconds"] == pytest.approx(1.9 * 0.0036)
    assert first["images_per_second_batch_64"] == pytest.approx(9 / 0.0036)
    assert first["dollars_per_million_images"] == pytest.approx(1.0)
    assert math.isnan(training["latency_seconds"])
