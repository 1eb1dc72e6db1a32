from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import pytest

from dawnbench.export.trackers import replay
from dawnbench.records.reader import Run
from dawnbench.safe_text import slug
from tests.cli.made_runs import HOSTILE, steers
from tests.export.trackers.conftest import FOLDER, PARAMETERS, figures_by_epoch, store_of

if TYPE_CHECKING:
    from wandb.proto.wandb_internal_pb2 import Record

BLOCK, HEADER = 32_768, struct.Struct("<IHB")
WHOLE, LAST = 1, 4


@pytest.fixture(scope="module")
def store(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("wandb")
    store = store_of(tmp_path_factory.mktemp("wandb"))
    said = replay(run, "wandb", store)
    assert said.startswith("wandb: upload it, if you wish, with `wandb sync '")
    assert [path.name[-1] for path in sorted(folders(store), key=lambda path: path.name[-1])] == ["1", "2"]
    return store


def folders(store: Path) -> list[Path]:
    return list((store / "wandb").glob("offline-run-*"))


def records(store: Path, trial: int) -> list[Record]:
    """Read a .wandb file: 7 bytes, then protocol buffers framed as LevelDB frames its log."""
    from wandb.proto.wandb_internal_pb2 import Record

    (path,) = (store / "wandb").glob(f"offline-run-*-{trial}/*.wandb")
    return [Record.FromString(message) for message in _messages(path.read_bytes())]


def _messages(data: bytes) -> Iterator[bytes]:
    at, message = 7, b""
    while at < len(data):
        if (left := BLOCK - at % BLOCK) < HEADER.size:
            at += left
            continue
        _, length, kind = HEADER.unpack_from(data, at)
        message += data[at + HEADER.size : at + HEADER.size + length]
        at += HEADER.size + length
        if kind in (WHOLE, LAST):
            yield message
            message = b""


def history(store: Path, trial: int) -> list[dict[str, Any]]:
    return [
        {(item.key or "/".join(item.nested_key)): json.loads(item.value_json) for item in record.history.item}
        for record in records(store, trial)
        if record.WhichOneof("record_type") == "history"
    ]


def summary(store: Path, trial: int) -> dict[str, Any]:
    return {
        (item.key or "/".join(item.nested_key)): json.loads(item.value_json)
        for record in records(store, trial)
        if record.WhichOneof("record_type") == "summary"
        for item in record.summary.update
    }


@pytest.mark.parametrize("trial", [1, 2])
def test_every_epoch_is_there_under_its_number(run: Run, store: Path, trial: int) -> None:
    rows = history(store, trial)
    for key, figures in figures_by_epoch(run, trial).items():
        assert [(row["epoch"], row[key]) for row in rows if key in row] == figures
    assert rows[0]["_timestamp"] == pytest.approx(1770091506, abs=5)


def test_a_run_knows_its_group_and_its_parameters(run: Run, store: Path) -> None:
    (about,) = (r.run for r in records(store, 2) if r.WhichOneof("record_type") == "run")
    assert (about.run_group, about.display_name) == (FOLDER, f"{FOLDER}/trial-2")
    assert about.project == slug(HOSTILE)
    config = {item.key: json.loads(item.value_json) for item in about.config.update}
    assert "branch=main" in about.tags
    assert all(0 < len(tag) <= 64 and not steers(tag) for tag in about.tags)
    assert config["tags"]["branch"] == "main"
    assert config.items() >= {**PARAMETERS, "seed": 1}.items()
    assert config["dawnbench"]["data_fingerprint"] == run.record.data.fingerprint
    assert not steers(json.dumps(config, ensure_ascii=False))


def test_result_and_end_are_those_of_the_trial(run: Run, store: Path) -> None:
    assert summary(store, 1)["result/seconds_dawnbench"] == run.trials[0].seconds["dawnbench"]
    assert (summary(store, 1)["status"], summary(store, 2)["status"]) == ("finished", "diverged")
    ends = [r.exit.exit_code for t in (1, 2) for r in records(store, t) if r.HasField("exit")]
    assert ends == [0, 1]


def test_the_sensors_have_seconds_as_their_axis(run: Run, store: Path) -> None:
    clocks = [(r["seconds"], r["telemetry/gpu_sm_clock_MHz"]) for r in history(store, 1) if "seconds" in r]
    assert (clocks[0][1], clocks[-1][1]) == (1980, 1500)
    assert clocks[-1][0] == pytest.approx(run.trials[0].wall_seconds, abs=0.1)
    axes = {
        r.metric.glob_name: r.metric.step_metric
        for r in records(store, 1)
        if r.WhichOneof("record_type") == "metric" and r.metric.glob_name
    }
    assert axes == {"train/*": "epoch", "validation/*": "epoch", "telemetry/*": "seconds"}


def test_nothing_of_the_machine_is_written_and_the_service_has_ended(store: Path) -> None:
    files = [path.name for folder in folders(store) for path in (folder / "files").iterdir()]
    assert files == []
    kinds = [record.WhichOneof("record_type") for record in records(store, 1)]
    assert "environment" not in kinds
    assert [record.run.host for record in records(store, 1) if record.HasField("run")] == ["unknown"]
    assert [child.name() for child in psutil.Process().children() if "wandb" in child.name()] == []


def test_told_again_it_is_there_once(run: Run, store: Path) -> None:
    before = history(store, 1)
    replay(run, "wandb", store)
    assert len(folders(store)) == 2
    again = history(store, 1)
    assert [row | {"_runtime": 0} for row in again] == [row | {"_runtime": 0} for row in before]
