from __future__ import annotations

import json
import math
import os
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from dawnbench.errors import DawnbenchError
from dawnbench.records.listed import read_listed
from dawnbench.records.reader import MAX_WARNINGS, read_run
from dawnbench.records.schema import SCHEMA_VERSION, EpochRecord, ResumptionRecord
from tests.records.examples import TRIAL, begin_run, epoch
from tests.records.folders import make_run


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A finished run of two epochs and one trial."""
    writer = begin_run(tmp_path)
    writer.append_epoch(epoch(epoch=1))
    writer.append_epoch(epoch(epoch=2))
    writer.append_trial(TRIAL)
    writer.close("finished")
    return writer.folder


def change_run(folder: Path, **changes: object) -> None:
    path = folder / "run.json"
    path.write_text(json.dumps(json.loads(path.read_bytes()) | changes), encoding="utf-8")


@pytest.mark.parametrize("name", ["epochs", "trials"])
def test_a_torn_last_line_is_left_out_with_a_warning(folder: Path, name: str) -> None:
    path = folder / f"{name}.jsonl"
    whole = path.read_bytes()
    last = whole.splitlines(keepends=True)[-1]
    for kept in (1, len(last) // 2, len(last) - 1):
        path.write_bytes(whole[: len(whole) - len(last) + kept])
        run = read_run(folder)
        assert len(getattr(run, name)) == len(whole.splitlines()) - 1
        (warning,) = run.warnings
        assert warning.startswith(f"{name}.jsonl: the last line is torn")


def test_a_line_torn_inside_a_character_is_left_out_too(folder: Path) -> None:
    with (folder / "trials.jsonl").open("ab") as file:
        file.write(b'{"reason": "caf\xc3')
    assert read_run(folder).trials == (TRIAL,)
    assert len(read_run(folder).warnings) == 1


@pytest.mark.parametrize(
    "damage", [b'{"trial": 1}', b"{", b"", b'{"trial": "one"}', b"\xff\xfe", b"[]", b"1"]
)
def test_a_damaged_line_in_the_middle_is_left_out(folder: Path, damage: bytes) -> None:
    path = folder / "epochs.jsonl"
    first, second = path.read_bytes().splitlines()
    path.write_bytes(b"\n".join([first, damage, second, b""]))
    run = read_run(folder)
    assert [one.epoch for one in run.epochs] == [1, 2]
    (warning,) = run.warnings
    assert warning.startswith("epochs.jsonl, line 2: ")
    assert warning.endswith("the line is left out")


def change_line(folder: Path, name: str, **changes: object) -> None:
    path = folder / f"{name}.jsonl"
    first, *rest = path.read_text().splitlines()
    path.write_text("\n".join([json.dumps(json.loads(first) | changes), *rest, ""]))


@pytest.mark.parametrize(
    ("name", "field", "value", "shown"),
    [
        ("trials", "wall_seconds", 1e300, "1e+300"),
        ("trials", "wall_seconds", math.nan, "nan"),
        ("trials", "device_seconds", -1.0, "-1.0"),
        ("trials", "accuracy", 1.5, "1.5"),
        ("trials", "peak_memory_bytes", 10**400, "an integer of more than 40 digits"),
        ("epochs", "train_seconds", math.inf, "inf"),
        ("epochs", "train_seconds", 1e308, "1e+308"),
        ("epochs", "energy_joules", -123_451.8, "-123451.8"),
    ],
)
def test_only_the_impossible_value_is_left_out(
    folder: Path, name: str, field: str, value: object, shown: str
) -> None:
    before = read_run(folder)
    change_line(folder, name, **{field: value})
    run = read_run(folder)
    assert run.warnings == (
        f"{name}.jsonl, line 1: {field} is {shown}, which is not possible; it is left out",
    )
    first, *rest = getattr(before, name)
    assert getattr(run, name) == (replace(first, **{field: None}), *rest)


@pytest.mark.parametrize("file", ["run.json", "trials.jsonl", "epochs.jsonl"])
def test_a_number_with_too_many_digits_is_left_out(folder: Path, file: str) -> None:
    before = read_run(folder)
    fields = {
        "run.json": '"flops_per_trial": ',
        "trials.jsonl": '"peak_memory_bytes": ',
        "epochs.jsonl": '"energy_joules": ',
    }
    path, field = folder / file, fields[file]
    path.write_text(re.sub(f"{field}[^,}}\n]+", field + "9" * 5_000, path.read_text(), count=1))
    run = read_run(folder)
    (warning,) = run.warnings
    assert warning.endswith("is inf, which is not possible; it is left out")
    assert (len(run.trials), len(run.epochs)) == (len(before.trials), len(before.epochs))


def test_the_other_rules_keep_their_times(folder: Path) -> None:
    change_line(folder, "trials", seconds={"dawnbench": 0.0, "strict": 2.5})
    assert read_run(folder).trials[0].seconds == {"dawnbench": None, "strict": 2.5}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("validation_images", 0),
        ("train_images", 0),
        ("validation_correct", 10**400),
        ("validation_correct", 11),
        ("epoch", 0),
        ("trial", -1),
    ],
)
def test_an_epoch_with_impossible_counts_is_left_out(folder: Path, field: str, value: object) -> None:
    change_line(folder, "epochs", **{field: value})
    run = read_run(folder)
    assert [one.epoch for one in run.epochs] == [2]
    (warning,) = run.warnings
    assert warning.startswith(f"epochs.jsonl, line 1: {field} is ")


def test_a_ledger_with_an_impossible_segment_is_left_out_entirely(folder: Path) -> None:
    segments = json.loads((folder / "trials.jsonl").read_text().splitlines()[0])["segments"]
    segments[1]["length_ns"] = -4
    change_line(folder, "trials", segments=segments)
    (trial,) = read_run(folder).trials
    assert trial == replace(TRIAL, segments=())


@pytest.mark.parametrize(
    ("changes", "left"),
    [
        ({"environment": {"packages": 1.5, "git": None}}, {"git": None}),
        ({"environment": {"packages": {}, "git": 1.5}}, {"packages": {}, "git": None}),
        (
            {"environment": {"packages": {"torch": 2, "numpy": "2.1"}}},
            {"packages": {"torch": None, "numpy": "2.1"}},
        ),
        ({"recipe": {"dataset": [], "lr": 1}}, {"lr": 1}),
        ({"recipe": {"epochs": 0.5, "lr": 1}}, {"lr": 1}),
    ],
)
def test_values_that_readers_use_have_the_expected_type_or_are_absent(
    folder: Path, changes: dict[str, object], left: object
) -> None:
    change_run(folder, **changes)
    run = read_run(folder)
    assert getattr(run.record, next(iter(changes))) == left
    assert len(run.warnings) == 1


@pytest.mark.parametrize("depth", [60, 150, 250, 450, 900, 5_000])
def test_a_deeply_nested_value_is_left_out_or_its_line(folder: Path, depth: int) -> None:
    nested = "[" * depth + "]" * depth
    for name in ("trials", "run"):
        path = folder / ("run.json" if name == "run" else f"{name}.jsonl")
        before = path.read_text()
        field = '"recipe": {' if name == "run" else '"reason": '
        deep = f'"recipe": {{"deep": {nested}, ' if name == "run" else f'"reason": {nested}, "was": '
        path.write_text(before.replace(field, deep, 1))
        if name == "run" and depth > 900:
            with pytest.raises(DawnbenchError, match=r"run\.json was not written by dawnbench"):
                read_run(folder)
        else:
            assert "nested too deeply" in read_run(folder).warnings[0] or depth > 900
        path.write_text(before)


def test_an_error_on_many_lines_is_reported_once(folder: Path) -> None:
    with (folder / "epochs.jsonl").open("a") as file:
        file.write("{}\n" * 1001)
    (warning,) = read_run(folder).warnings
    assert warning == "epochs.jsonl, line 3: trial is missing; the line is left out, as on 1,000 more"


def test_the_first_of_many_bad_fields_are_named_and_the_rest_counted(folder: Path) -> None:
    change_line(folder, "trials", seconds={f"rule{i}": -1 for i in range(MAX_WARNINGS + 5)})
    *named, rest = read_run(folder).warnings
    assert len(named) == MAX_WARNINGS
    assert rest == "trials.jsonl: 5 more fields left out"


def test_a_path_that_is_not_utf_8_is_read_as_it_was_written(folder: Path) -> None:
    command = ("dawnbench", "run", "--data", os.fsdecode(b"caf\xe9"))
    change_run(folder, command=command)
    assert read_run(folder).record.command == command


def test_a_key_that_is_not_utf_8_loses_nothing(folder: Path) -> None:
    recipe = {"dataset": {"name": "d", "\udcff": 1}, "epochs": 2, "\ud800": 1}
    environment = {"git": {"commit": "c", "\udcff": 1}, "\udcff": 1}
    change_run(folder, recipe=recipe, environment=environment)
    run = read_run(folder)
    assert (run.record.recipe, run.record.environment, run.warnings) == (recipe, environment, ())


def test_a_newer_schema_is_refused_with_what_to_upgrade(folder: Path) -> None:
    change_run(folder, schema_version=SCHEMA_VERSION + 1, what_is_new=True)
    with pytest.raises(
        DawnbenchError,
        match=rf"schema version {SCHEMA_VERSION + 1} .* up to {SCHEMA_VERSION}; upgrade with `pip install",
    ):
        read_run(folder)


def test_a_folder_that_is_not_a_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DawnbenchError, match=r"is not a run folder: cannot read run\.json \(No such file"):
        read_run(tmp_path)


def test_a_missing_run_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DawnbenchError, match=r"nowhere is not a run folder"):
        read_run(tmp_path / "nowhere")


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "{}", '"text"', "\x00"])
def test_a_run_json_written_by_something_else_is_refused(folder: Path, text: str) -> None:
    (folder / "run.json").write_text(text, encoding="utf-8")
    with pytest.raises(DawnbenchError, match=r"run\.json was not written by dawnbench"):
        read_run(folder)


def test_a_damaged_run_json_names_the_field(folder: Path) -> None:
    change_run(folder, data={"source": "cifar10"})
    with pytest.raises(DawnbenchError, match=r"run\.json is damaged: data\.fingerprint is missing"):
        read_run(folder)


@pytest.mark.parametrize("name", ["epochs.jsonl", "trials.jsonl"])
def test_a_folder_that_lost_a_file_is_refused(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(DawnbenchError, match=rf"cannot read .*{name}"):
        read_run(folder)


def test_the_epochs_of_all_trials_are_grouped_in_one_pass(tmp_path: Path) -> None:
    class Counted(tuple[EpochRecord, ...]):
        rounds = 0

        def __iter__(self) -> Iterator[EpochRecord]:
            Counted.rounds += 1
            return super().__iter__()

    run = read_run(make_run(tmp_path / "a", (), [epoch(trial=n, epoch=e) for n in (2, 1) for e in (1, 2)]))
    run = replace(run, epochs=Counted(run.epochs))
    Counted.rounds = 0
    assert [[e.epoch for e in run.epochs_of(trial)] for trial in (1, 2, 3)] == [[1, 2], [1, 2], []]
    assert Counted.rounds == 1


RESUMPTION = ResumptionRecord("2026-02-03T05:00:00+00:00", 1, 0, None)


def test_after_a_resumption_the_last_record_of_a_trial_counts_and_each_epoch_comes_once(
    tmp_path: Path,
) -> None:
    trials = [replace(TRIAL, status="interrupted"), replace(TRIAL, trial=2), TRIAL]
    numbers = [(1, 1), (1, 2), (1, 3), (2, 1), (1, 1), (1, 2)]
    epochs = [epoch(trial=trial, epoch=number) for trial, number in numbers]
    run = read_run(make_run(tmp_path / "a", trials, epochs, resumptions=(RESUMPTION,), trials=2))
    assert [(t.trial, t.status) for t in run.trials] == [(1, "finished"), (2, "finished")]
    # What the first attempt at trial 1 had beyond the second one is not mixed with it.
    assert [(e.trial, e.epoch) for e in run.epochs] == [(1, 1), (1, 2), (2, 1)]


def test_a_listing_counts_a_resumed_trial_once_and_gives_it_no_time(tmp_path: Path) -> None:
    missed = replace(TRIAL, epochs_to_target=None, resumed_after=3, seconds={"dawnbench": None})
    trials = [replace(TRIAL, status="interrupted"), replace(TRIAL, trial=2), missed]
    folder = make_run(tmp_path / "a", trials, resumptions=(RESUMPTION,), trials=2)
    listed = read_listed(folder)
    assert (listed.done, listed.reached) == (2, 1)
    assert listed.mean_seconds["dawnbench"] == 2.0
