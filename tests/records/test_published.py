from __future__ import annotations

import json
import re
import shutil
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dawnbench.errors import DawnbenchError
from dawnbench.records import published
from dawnbench.records.published import PublishedFigure, is_cifar10, read_published
from dawnbench.records.rules import RULES_BY_NAME
from dawnbench.records.schema import SCHEMA_VERSION
from tests.records.examples import RUN

CHECKOUT = Path(__file__).parents[2]
FIGURES = read_published()
LATENCIES = [figure for figure in FIGURES if figure.rule == "inference"]
TIMES = [figure for figure in FIGURES if figure.rule != "inference"]


def named(team: str, devices: int, system: str = "") -> PublishedFigure:
    found = [f for f in TIMES if f.team == team and f.devices == devices and system in f.system]
    assert len(found) == 1
    return found[0]


@pytest.mark.parametrize(
    ("team", "devices", "seconds", "device", "rule"),
    [
        ("Apple", 8, 9.43, "V100", "dawnbench"),
        ("Arasanipalai", 4, 10.66, "V100", "dawnbench"),
        ("Kakao Brain", 1, 57.05, "V100", "dawnbench"),
        ("David Page", 1, 74.04, "V100", "dawnbench"),
        ("Hiverge", 1, 1.98, "A100", "airbench"),
        ("Fulcrum", 1, 1.828, "A100", "airbench"),
    ],
)
def test_the_known_times_are_there(team: str, devices: int, seconds: float, device: str, rule: str) -> None:
    figure = named(team, devices)
    assert figure.seconds == pytest.approx(seconds, abs=0.005)
    assert (figure.device, figure.rule, figure.target) == (device, rule, 0.94)


def test_airbench94_muon_is_there_with_its_trials() -> None:
    figure = named("Jordan", 1, "muon")
    assert (figure.seconds, figure.accuracy, figure.trials) == (2.59, 0.9401, 200)


def test_a_dawnbench_time_equals_the_hours_in_its_source() -> None:
    entries = [figure for figure in FIGURES if figure.rule == "dawnbench"]
    assert len(entries) == 12
    for figure in entries:
        hours = float(figure.source_says.split(" hours")[0].rsplit(" ", 1)[1])
        assert figure.seconds == pytest.approx(3600 * hours, abs=1e-3)
        assert figure.seconds < 600


def test_the_entries_to_the_inference_track_are_there_per_image() -> None:
    assert len(LATENCIES) == 21
    assert [(f.seconds, f.accuracy, f.device) for f in sorted(LATENCIES, key=lambda f: f.seconds)[:3]] == [
        (0.0001345, 0.942, "pi2.2xlarge.4"),
        (0.000683, 0.9432, "V100"),
        (0.000828, 0.9453, "P100"),
    ]


def test_a_latency_and_its_price_are_those_in_its_source() -> None:
    for figure in LATENCIES:
        says = re.match(r"latency (\S+) ms,(?: cost (\S+) dollars an image,)?", figure.source_says)
        assert says is not None
        assert figure.seconds == pytest.approx(float(says[1]) / 1000, rel=1e-6)
        cost = figure.dollars_per_hour and figure.dollars_per_hour * figure.seconds / 3600
        assert cost == (says[2] and pytest.approx(float(says[2]), rel=1e-4))


def test_every_published_time_reaches_its_target_under_a_known_rule_and_names_its_source() -> None:
    for figure in FIGURES:
        assert figure.accuracy >= figure.target
        assert figure.rule in RULES_BY_NAME
        assert figure.source.startswith("https://")
        assert figure.source_says


def test_facts_missing_from_the_source_have_a_note() -> None:
    assert all(figure.note for figure in FIGURES if figure.trials is None or figure.published is None)


def test_no_published_time_appears_twice() -> None:
    assert len({(figure.source, figure.seconds) for figure in FIGURES}) == len(FIGURES)


# --- where they are found ---


def test_an_installed_package_reads_the_files_inside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(CHECKOUT / "baselines" / "published", tmp_path / "dawnbench" / "published")
    monkeypatch.setattr(published, "files", lambda package: tmp_path / package)
    assert published.published_folder() == tmp_path / "dawnbench" / "published"
    assert read_published() == FIGURES


def test_the_wheel_includes_them() -> None:
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))
    included = project["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    assert included["baselines/published"] == "dawnbench/published"


# --- damage ---


def write(folder: Path, **changes: Any) -> Path:
    file = CHECKOUT / "baselines" / "published" / "airbench-cifar10.json"
    content = json.loads(file.read_bytes()) | changes
    (folder / "mine.json").write_text(json.dumps(content), encoding="utf-8")
    return folder


def figure(**changes: Any) -> dict[str, Any]:
    file = CHECKOUT / "baselines" / "published" / "airbench-cifar10.json"
    return dict(json.loads(file.read_bytes())["figures"][0] | changes)


def test_a_users_own_folder_is_read(tmp_path: Path) -> None:
    (found,) = read_published(write(tmp_path, figures=[figure(seconds=1.5, team="We", note=None)]))
    assert (found.seconds, found.team, found.note) == (1.5, "We", None)


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"seconds": 0}, r"0\.seconds"),
        ({"seconds": float("nan")}, r"0\.seconds"),
        ({"seconds": None}, r"0\.seconds"),
        ({"rule": "mine"}, r"0\.rule.*no timing rule mine; the rules are dawnbench, airbench"),
        ({"target": 94}, r"0\.target"),
        ({"devices": 0}, r"0\.devices"),
        ({"published": "soon"}, r"0\.published"),
        ({"dataset": "MNIST"}, r"0\.dataset"),
    ],
)
def test_an_impossible_value_is_an_error_with_file_and_place(
    tmp_path: Path, changes: dict[str, Any], where: str
) -> None:
    with pytest.raises(DawnbenchError, match=rf"mine\.json is damaged: {where}"):
        read_published(write(tmp_path, figures=[figure(**changes)]))


def test_a_missing_field_is_an_error_with_its_name(tmp_path: Path) -> None:
    lacking = {name: value for name, value in figure().items() if name != "source"}
    with pytest.raises(DawnbenchError, match=r"0\.source"):
        read_published(write(tmp_path, figures=[lacking]))


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, True),
        ({"source": "/data/CIFAR-10/images"}, True),
        ({"source": "mine.npz"}, False),
        ({"source": "mine.npz", "fingerprint": published.CIFAR10_FINGERPRINT}, True),
        ({"source": "synthetic"}, False),
        ({"train_images": 2_048}, False),
        ({"source": "cifar100", "classes": 100}, False),
    ],
)
def test_cifar10_is_known_by_its_sizes_and_its_name_or_fingerprint(
    changes: dict[str, Any], expected: bool
) -> None:
    assert is_cifar10(replace(RUN.data, **changes)) is expected


@pytest.mark.parametrize("figures", [None, 7, "figures", {}])
def test_published_times_that_are_not_a_list_are_damaged(tmp_path: Path, figures: Any) -> None:
    with pytest.raises(DawnbenchError, match="damaged"):
        read_published(write(tmp_path, figures=figures))


def test_another_kind_of_file_is_reported(tmp_path: Path) -> None:
    with pytest.raises(DawnbenchError, match="holds no published times"):
        read_published(write(tmp_path, kind="dawnbench baseline"))


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '"text"', "\xff"])
def test_an_unrelated_file_is_an_error(tmp_path: Path, text: str) -> None:
    (tmp_path / "mine.json").write_text(text, encoding="latin-1")
    with pytest.raises(DawnbenchError, match=r"mine\.json"):
        read_published(tmp_path)


def test_a_newer_file_says_what_to_upgrade(tmp_path: Path) -> None:
    with pytest.raises(DawnbenchError, match="pip install --upgrade dawnbench"):
        read_published(write(tmp_path, schema_version=SCHEMA_VERSION + 1))


def test_an_empty_folder_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(DawnbenchError, match="reinstall dawnbench"):
        read_published(tmp_path)
