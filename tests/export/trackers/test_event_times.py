from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from dawnbench.export.trackers.event_times import epoch_ends, trial_begins
from dawnbench.records.reader import Run
from dawnbench.records.schema import Segment, TrialRecord
from tests.records.examples import RUN, TRIAL, epoch

CREATED = 1770091506.0
SECOND = 1_000_000_000


def recorded(*trials: TrialRecord, epochs: tuple[int, ...] = ()) -> Run:
    return Run(Path("x"), RUN, trials, tuple(epoch(trial=number) for number in epochs), ())


def trial(number: int, began_ns: int | None, wall_seconds: float = 10.0, *set_up: Segment) -> TrialRecord:
    return replace(TRIAL, trial=number, began_ns=began_ns, wall_seconds=wall_seconds, segments=set_up)


def test_the_folder_is_made_within_the_last_record_segment_before_the_first_trial() -> None:
    set_up = (
        Segment("record", None, -9 * SECOND, SECOND),
        Segment("record", None, -3 * SECOND, SECOND),
        Segment("compile", None, -2 * SECOND, SECOND),
    )
    run = recorded(trial(1, 50 * SECOND, 10.0, *set_up), trial(2, 75 * SECOND))
    assert trial_begins(run) == {1: CREATED + 3, 2: CREATED + 3 + 25}


def test_without_its_clock_a_trial_begins_as_the_one_before_it_ends() -> None:
    run = recorded(trial(1, None, 10.0), trial(2, None, 5.0), trial(3, 7 * SECOND), trial(4, 19 * SECOND))
    assert trial_begins(run) == {1: CREATED, 2: CREATED + 10, 3: CREATED + 15, 4: CREATED + 27}


def test_a_trial_that_was_broken_off_with_its_run_begins_after_the_others() -> None:
    assert trial_begins(recorded(trial(1, None, 10.0), epochs=(1, 2, 2))) == {1: CREATED, 2: CREATED + 10}
    assert trial_begins(recorded()) == {}


def test_an_epoch_ends_as_the_ledger_says_and_else_after_its_parts() -> None:
    epochs = (epoch(epoch=1), epoch(epoch=2))
    ledger = replace(TRIAL, segments=(Segment("record", 2, 5 * SECOND, 1),))
    assert list(epoch_ends(epochs, ledger, 100.0)) == pytest.approx([102.0, 105.0])
    assert list(epoch_ends(epochs, None, 100.0)) == pytest.approx([102.0, 104.0])
