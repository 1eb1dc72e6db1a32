from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from dawnbench.errors import DawnbenchError
from dawnbench.records.published_slimming import published_slimming
from dawnbench.records.schema import SCHEMA_VERSION
from dawnbench.records.slimming import Accuracies, read_slimming, slimming_folder, write_slimming
from tests.records.slimmings import MODEL, SPEED, slimming


def written(run: Path, name: str = "slim", **changes: object) -> Path:
    folder = run / name
    folder.mkdir(parents=True)
    write_slimming(slimming(**changes), folder)
    return folder


def test_what_is_written_can_be_read(tmp_path: Path) -> None:
    diverged = replace(MODEL, value=0.4, finetuned=None, control=None, before=Accuracies(None, None))
    for record in (slimming(), slimming(models=(MODEL, diverged), strength=None, notes=("one",))):
        folder = tmp_path / record.recipe_name / str(len(record.models))
        folder.mkdir(parents=True)
        write_slimming(record, folder)
        assert read_slimming(folder) == record


def test_throughput_is_the_inverse_of_latency() -> None:
    assert SPEED.throughput_ratio == 2


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"kind": "sweep"}, "is not a slimming; `dawnbench slim prune` writes one"),
        ({"epochs": 0}, "epochs"),
        ({"dense": None}, "dense"),
        ({"schema_version": SCHEMA_VERSION + 1}, "upgrade"),
    ],
)
def test_a_damaged_or_newer_file_is_refused(
    tmp_path: Path, changes: dict[str, object], sentence: str
) -> None:
    path = written(tmp_path) / "slim.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))
    with pytest.raises(DawnbenchError, match=sentence):
        read_slimming(path.parent)


def test_a_slimming_goes_on_in_its_folder_and_another_gets_the_next_one(tmp_path: Path) -> None:
    assert slimming_folder(tmp_path, slimming()) == tmp_path / "slim"
    written(tmp_path, models=())
    assert slimming_folder(tmp_path, slimming()) == tmp_path / "slim"
    graph = replace(slimming().settings, rule="graph")
    for changes in ({"settings": graph}, {"device_name": "AMD EPYC"}, {"precision": "fp32"}):
        assert slimming_folder(tmp_path, slimming(**changes)) == tmp_path / "slim-2"
    written(tmp_path, "slim-2", settings=graph)
    assert slimming_folder(tmp_path, slimming(settings=graph)) == tmp_path / "slim-2"
    (tmp_path / "slim" / "slim.json").write_text("{}")
    assert slimming_folder(tmp_path, slimming()) == tmp_path / "slim-3"


def test_the_published_rows_are_those_of_the_same_network_and_data() -> None:
    rows = published_slimming("vgg16_bn", "cifar100")
    assert [(row.gmacs, row.mparameters, row.top1) for row in rows[:2]] == [
        (15.51, 134.68, 81.12),
        (8.36, 130.31, 80.67),
    ]
    assert published_slimming("vgg16_bn", "cifar10") == ()
    assert [row.top1 for row in published_slimming("vgg19_bn", "cifar10")] == [93.77, 93.78]
    assert [row.top1 for row in published_slimming("resnet56", "cifar10")] == [93.53, 93.77]


def test_accuracies_that_were_copied_are_not_among_the_published() -> None:
    copied = {row.top1 for row in published_slimming("resnet50", "cifar100")}
    mobile = published_slimming("mobilenet_v2", "cifar100")
    assert {row.top1 for row in mobile if "20" in row.asked or "40" in row.asked} == {None}
    assert not copied & {row.top1 for row in mobile}
