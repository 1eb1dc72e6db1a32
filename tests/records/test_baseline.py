from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dawnbench.errors import DawnbenchError
from dawnbench.records.baseline import KIND, baseline_path, read_baseline, write_baseline
from dawnbench.records.schema import SCHEMA_VERSION, PairingRecord, Reading
from dawnbench.records.trial_set import TrialFigures, TrialSet
from tests.stats.trial_sets import accurate, interrupted, series, timed, trial

SERIES = timed(20.5, None, 21.0, name="v1")


def written(tmp_path: Path, one: TrialSet = SERIES, **changes: Any) -> Path:
    """Write a baseline; the changes apply to the file's keys, with None for a key to remove."""
    path = tmp_path / "baseline.json"
    write_baseline(one, path)
    if changes:
        content = {**json.loads(path.read_text()), **changes}
        path.write_text(json.dumps({key: value for key, value in content.items() if value is not None}))
    return path


def test_a_baselines_path_is_recipe_and_device() -> None:
    assert baseline_path(Path("baselines"), "davidnet-10", "NVIDIA H200") == Path(
        "baselines/davidnet-10/NVIDIA-H200.json"
    )
    assert baseline_path(Path("b"), "../../etc", "a/b:c") == Path("b/etc/a-b-c.json")


def test_what_is_written_can_be_read(tmp_path: Path) -> None:
    full = replace(
        series(
            [
                trial(readings={"gpu_power": Reading(300.5, 700.0, "W")}, throttle_reasons=("hw_thermal",)),
                trial(
                    seconds={"dawnbench": 1.5, "cold": None}, energy_joules=5.5, energy_to_target_joules=4.5
                ),
                interrupted(),
            ]
        ),
        pairing=PairingRecord("c0ffee", "A"),
        warnings=("trials.jsonl: the last line is torn",),
    )
    assert read_baseline(written(tmp_path, full)) == full


seconds = st.floats(0, 1e12, exclude_min=True) | st.none()
fractions = st.floats(0, 1) | st.none()


@given(st.lists(st.tuples(seconds, fractions, st.integers(1, 99) | st.none()), max_size=4))
def test_every_number_round_trips_to_the_last_digit(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[float | None, float | None, int | None]]
) -> None:
    trials: list[TrialFigures] = [
        trial(seconds={"dawnbench": seconds}, accuracy=accuracy, epochs_to_target=epochs)
        for seconds, accuracy, epochs in rows
    ]
    assert read_baseline(written(tmp_path_factory.mktemp("baseline"), series(trials))) == series(trials)


def test_a_number_that_is_not_finite_becomes_none(tmp_path: Path) -> None:
    one = accurate(0.94, math.nan)
    assert [trial.accuracy for trial in read_baseline(written(tmp_path, one)).trials] == [0.94, None]


@pytest.mark.parametrize("wrong", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_one_inserted_by_hand_becomes_none_too(tmp_path: Path, wrong: str) -> None:
    path = written(tmp_path)
    path.write_text(path.read_text().replace("20.5", wrong))
    first = read_baseline(path).trials[0]
    assert (first.seconds["dawnbench"], first.spent_seconds["dawnbench"]) == (None, None)


def test_one_that_is_nested_deeply_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, recipe={"deep": 1})
    path.write_text(path.read_text().replace('"deep": 1', f'"deep": {"[" * 900}{"]" * 900}'))
    with pytest.raises(DawnbenchError, match="nested too deeply"):
        read_baseline(path)


def test_the_file_says_what_it_is(tmp_path: Path) -> None:
    content = json.loads(written(tmp_path).read_text())
    assert (content["kind"], content["schema_version"], content["name"]) == (KIND, SCHEMA_VERSION, "v1")
    assert len(content["trials"]) == 3


def test_folders_are_made_and_no_leftovers_remain(tmp_path: Path) -> None:
    path = tmp_path / "baselines" / "davidnet" / "H200.json"
    write_baseline(SERIES, path)
    write_baseline(replace(SERIES, name="v2"), path)
    assert read_baseline(path).name == "v2"
    assert list(path.parent.iterdir()) == [path]


def test_a_full_disk_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DawnbenchError, match=r"^cannot write .*H200\.json: "):
        write_baseline(SERIES, tmp_path / "file" / "H200.json")


def test_a_failed_write_leaves_the_existing_baseline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(DawnbenchError, match="cannot write"):
        write_baseline(replace(SERIES, name="v2"), path)
    assert read_baseline(path) == SERIES


# --- files that are not a baseline ---


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"kind": None}, r"is not a dawnbench baseline; `dawnbench baseline save` writes one$"),
        ({"kind": "dawnbench published"}, r"is not a dawnbench baseline"),
        ({"schema_version": SCHEMA_VERSION + 1}, r"has schema version 2 and .* upgrade with `pip install"),
        ({"schema_version": None}, r"was not written by dawnbench"),
        ({"target": None}, r"is damaged: target: Field required"),
        ({"trials": [{"trial": "one"}]}, r"is damaged: trials\.0\."),
        ({"recipe": 3}, r"is damaged: recipe"),
    ],
)
def test_a_file_that_is_not_a_baseline_is_an_error(
    tmp_path: Path, changes: dict[str, Any], words: str
) -> None:
    with pytest.raises(DawnbenchError, match=words):
        read_baseline(written(tmp_path, **changes))


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"schema_version": "1"}'])
def test_a_torn_or_foreign_file_is_an_error(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "baseline.json"
    path.write_bytes(content)
    with pytest.raises(DawnbenchError, match=r"baseline\.json"):
        read_baseline(path)


def test_a_missing_baseline_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DawnbenchError, match=r"^cannot read the baseline .*none\.json \(No such file"):
        read_baseline(tmp_path / "none.json")


def test_a_baseline_of_an_older_version_lacks_what_came_later(tmp_path: Path) -> None:
    assert read_baseline(written(tmp_path, warnings=None, pairing=None)) == SERIES
