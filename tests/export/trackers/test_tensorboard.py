from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from dawnbench.errors import DawnbenchError
from dawnbench.export.trackers import replay
from dawnbench.records.reader import Run
from tests.cli.made_runs import HOSTILE, steers
from tests.export.trackers.conftest import FOLDER, PARAMETERS, figures_by_epoch, store_of

if TYPE_CHECKING:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

CREATED = 1770091506  # 2026-02-03T04:05:06Z


@pytest.fixture(scope="module")
def store(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("tensorboard")
    store = store_of(tmp_path_factory.mktemp("tensorboard"))
    said = replay(run, "tensorboard", store)
    assert said.startswith("tensorboard: look at it with `tensorboard --logdir '")
    return store


def opened(store: Path, *below: str) -> EventAccumulator:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    accumulator = EventAccumulator(str(store.joinpath(FOLDER, *below)), size_guidance={"scalars": 0})
    accumulator.Reload()
    return accumulator


@pytest.mark.parametrize("trial", [1, 2])
def test_every_epoch_is_there_under_its_number(run: Run, store: Path, trial: int) -> None:
    shown = opened(store, f"trial-{trial}")
    for tag, figures in figures_by_epoch(run, trial).items():
        scalars = shown.Scalars(tag)
        assert [(s.step, s.value) for s in scalars] == [(n, pytest.approx(v, rel=1e-6)) for n, v in figures]


def test_the_times_are_those_of_the_run(run: Run, store: Path) -> None:
    times = [s.wall_time for s in opened(store, "trial-1").Scalars("train/loss")]
    ends = [s.start_ns / 1e9 for s in run.trials[0].segments if s.name == "record"]
    assert [time - CREATED for time in times] == pytest.approx(ends, abs=1e-3)


def test_a_result_stands_at_its_trials_number(run: Run, store: Path) -> None:
    first, second = opened(store, "trial-1"), opened(store, "trial-2")
    seconds = run.trials[0].seconds
    for rule in ("dawnbench", "airbench", "strict", "cold"):
        (scalar,) = first.Scalars(f"result/seconds_{rule}")
        assert (scalar.step, scalar.value) == (1, pytest.approx(seconds[rule]))
    assert second.Scalars("result/best_accuracy")[0].step == 2
    assert first.Scalars("result/energy_joules")[0].value > 0
    assert first.Scalars("telemetry_mean/gpu_power_W")[0].value == 300
    assert "result/accuracy" not in second.Tags()["scalars"], "a diverged trial has none"


def test_the_telemetry_runs_through_the_trial(run: Run, store: Path) -> None:
    scalars = opened(store, "trial-1").Scalars("telemetry/gpu_sm_clock_MHz")
    assert (scalars[0].value, scalars[-1].value) == (1980, 1500), "it throttled in the second half"
    assert 0 <= scalars[0].step < 100
    assert scalars[-1].step == pytest.approx(run.trials[0].wall_seconds * 1000, abs=100)
    assert scalars[-1].wall_time == pytest.approx(CREATED + scalars[-1].step / 1000, abs=1e-2)


def test_the_parameters_and_the_end_are_those_of_a_session(store: Path) -> None:
    from tensorboard.plugins.hparams import api_pb2, metadata

    tags = opened(store, "trial-2").summary_metadata
    start = metadata.parse_session_start_info_plugin_data(
        tags[metadata.SESSION_START_INFO_TAG].plugin_data.content
    )
    kept = {key: getattr(value, value.WhichOneof("kind")) for key, value in start.hparams.items()}
    assert kept.items() >= {**PARAMETERS, "seed": 1}.items()
    assert not any(steers(str(value)) for value in kept.values())
    end = metadata.parse_session_end_info_plugin_data(tags[metadata.SESSION_END_INFO_TAG].plugin_data.content)
    assert end.status == api_pb2.STATUS_FAILURE


def test_what_the_run_is_stands_as_a_text_without_markup(run: Run, store: Path) -> None:
    text = opened(store).Tensors("about")[0].tensor_proto.string_val[0].decode()
    assert run.record.data.fingerprint in text
    assert "0.1.0" in text
    assert "<script>" not in text.replace(r"\<", "")
    assert HOSTILE not in text


def test_told_again_it_is_the_same_to_the_byte(run: Run, store: Path) -> None:
    def content() -> dict[str, bytes]:
        return {str(path): path.read_bytes() for path in store.rglob("*") if path.is_file()}

    before = content()
    assert len(before) == 3
    replay(run, "tensorboard", store)
    assert content() == before


def test_a_run_folder_that_is_in_the_store_itself_stays_as_it_was(run: Run, tmp_path: Path) -> None:
    pytest.importorskip("tensorboard")
    folder = tmp_path / FOLDER
    shutil.copytree(run.folder, folder)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    for _ in range(2):
        replay(replace(run, folder=folder), "tensorboard", tmp_path)
    assert {name: (folder / name).read_bytes() for name in before} == before
    assert len(opened(tmp_path, "trial-1").Scalars("train/loss")) == 3


def test_a_link_in_a_run_folder_cannot_lead_out_of_it(run: Run, tmp_path: Path) -> None:
    pytest.importorskip("tensorboard")
    folder, outside = tmp_path / FOLDER, tmp_path / "outside"
    folder.mkdir()
    outside.mkdir()
    for name in ("run.json", "trials.jsonl"):
        (folder / name).touch()
    (folder / "trial-1").symlink_to(outside)
    with pytest.raises(DawnbenchError, match=r"a link in the run folder .* leads outside it"):
        replay(run, "tensorboard", tmp_path)
    assert list(outside.iterdir()) == []
