from __future__ import annotations

import math
from dataclasses import asdict, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dawnbench.records.reader import read_run
from dawnbench.records.schema import EpochRecord, RunStatus, TrialRecord
from tests.records.examples import RUN, TRIAL, begin_run, epoch


def test_what_was_written_is_read(tmp_path: Path) -> None:
    writer = begin_run(tmp_path)
    writer.append_epoch(epoch(epoch=1))
    writer.append_epoch(epoch(epoch=2, energy_joules=3.5))
    writer.append_trial(TRIAL)
    writer.append_epoch(epoch(trial=2))
    writer.close("finished")
    run = read_run(writer.folder)
    assert run.record == replace(RUN, status="finished")
    assert run.trials == (TRIAL,)
    assert run.epochs == (epoch(epoch=1), epoch(epoch=2, energy_joules=3.5), epoch(trial=2))
    assert run.epochs_of(1) == run.epochs[:2]
    assert run.warnings == ()


@pytest.mark.parametrize("status", ["finished", "interrupted", "failed"])
def test_closing_notes_how_the_run_ended(tmp_path: Path, status: RunStatus) -> None:
    writer = begin_run(tmp_path)
    assert read_run(writer.folder).record.status == "running"
    writer.close(status)
    assert read_run(writer.folder).record.status == status


def test_lines_can_be_read_while_the_writer_is_open(tmp_path: Path) -> None:
    writer = begin_run(tmp_path)
    assert read_run(writer.folder).epochs == ()
    for number in (1, 2):
        writer.append_epoch(epoch(epoch=number))
        assert len(read_run(writer.folder).epochs) == number
    writer.append_trial(TRIAL)
    assert read_run(writer.folder).trials == (TRIAL,)
    writer.close("finished")


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_number_that_is_not_finite_is_stored_as_none(tmp_path: Path, value: float) -> None:
    writer = begin_run(tmp_path)
    writer.append_epoch(epoch(train_loss=value, validation_loss=value, energy_joules=value))
    writer.append_trial(replace(TRIAL, seconds={"dawnbench": value}, accuracy=value))
    writer.close("finished")
    run = read_run(writer.folder)
    assert run.epochs == (epoch(train_loss=None, validation_loss=None, energy_joules=None),)
    assert run.trials == (replace(TRIAL, seconds={"dawnbench": None}, accuracy=None),)


COUNT = st.integers(1, 10**15)
NUMBER = st.floats(0, 1e12)
LOSS = st.none() | st.floats(-1e39, 1e39) | st.sampled_from([math.nan, math.inf])
EPOCH = st.builds(
    EpochRecord,
    trial=COUNT,
    epoch=COUNT,
    learning_rate=NUMBER,
    train_seconds=NUMBER,
    evaluate_seconds=NUMBER,
    train_loss=LOSS,
    train_correct=st.just(1),
    train_images=COUNT,
    validation_loss=LOSS,
    validation_correct=st.just(0),
    validation_images=COUNT,
    energy_joules=st.none() | NUMBER,
)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
FINISHED = st.builds(
    replace,
    st.just(TRIAL),
    reason=st.none() | TEXTS,
    seconds=st.dictionaries(TEXTS, st.none() | st.floats(0, 1e12, exclude_min=True)),
    warnings=st.lists(TEXTS).map(tuple),
)


def finite(record: EpochRecord) -> dict[str, Any]:
    return {
        name: None if isinstance(value, float) and not math.isfinite(value) else value
        for name, value in asdict(record).items()
    }


@settings(max_examples=25, deadline=None)
@given(st.lists(EPOCH, max_size=4), st.lists(FINISHED, max_size=2))
def test_any_epoch_and_any_text_survive(epochs: list[EpochRecord], trials: list[TrialRecord]) -> None:
    with TemporaryDirectory() as folder:
        writer = begin_run(Path(folder))
        for record in epochs:
            writer.append_epoch(record)
        for trial in trials:
            writer.append_trial(trial)
        writer.close("finished")
        run = read_run(writer.folder)
    assert [asdict(record) for record in run.epochs] == [finite(record) for record in epochs]
    assert run.trials == tuple(trials)
    assert run.warnings == ()
