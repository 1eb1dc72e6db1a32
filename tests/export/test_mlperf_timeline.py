from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dawnbench.errors import DawnbenchError
from dawnbench.export.mlperf_timeline import Timeline, timeline
from dawnbench.records.reader import Run, read_run
from dawnbench.records.rules import SEGMENTS
from dawnbench.records.schema import Segment, TrialRecord
from tests.records.examples import CREATED, RUN, TRIAL
from tests.records.folders import make_run

SECOND = 1_000_000_000


def seconds(name: str, start: float, length: float, epoch: int | None = None) -> Segment:
    return Segment(name, epoch, round(start * SECOND), round(length * SECOND))


SETUP = (
    seconds("startup", -20, 4),
    seconds("load", -16, 3),
    seconds("build", -13, 1),
    seconds("record", -12, 1),
    seconds("compile", -11, 1),
)
"""It ended ten seconds before this trial began: an earlier one ran in between."""
FIRST = (
    seconds("to_device", 0, 0.5),
    seconds("reset", 0.5, 0.5),
    seconds("train", 1, 2, 1),
    seconds("evaluate", 3, 1, 1),
    seconds("record", 4, 0.25, 1),
)
SECOND_EPOCH = (
    seconds("train", 4.25, 2, 2),
    seconds("final_evaluate", 6.25, 1, 2),
    seconds("record", 7.25, 0.25, 2),
)


def seen(tmp_path: Path, segments: tuple[Segment, ...], to_target: int | None, **changes: str) -> Timeline:
    trial = replace(TRIAL, segments=segments, epochs_to_target=to_target)
    found = timeline(run_of(tmp_path, trial, **changes), trial)
    assert found is not None
    return found


def run_of(tmp_path: Path, trial: TrialRecord, **changes: str) -> Run:
    return read_run(make_run(tmp_path / "run", [trial], **changes))


def names(of: Timeline) -> list[str]:
    return [segment.name for segment in of.segments]


def test_the_set_up_ends_where_the_trial_begins_as_if_it_ran_alone(tmp_path: Path) -> None:
    found = seen(tmp_path, SETUP + FIRST, 1)
    assert found.init_ns == -10 * SECOND
    assert [s.start_ns / SECOND for s in found.segments[:6]] == [-10, -6, -3, -2, -1, 0]


def test_it_stops_when_an_evaluation_has_shown_the_target(tmp_path: Path) -> None:
    found = seen(tmp_path, SETUP + FIRST + SECOND_EPOCH, 1)
    assert found.stop_ns == 4 * SECOND
    assert names(found)[-2:] == ["train", "evaluate"]


def test_the_last_epochs_evaluation_shows_it_too(tmp_path: Path) -> None:
    assert seen(tmp_path, SETUP + FIRST + SECOND_EPOCH, 2).stop_ns == 7.25 * SECOND


def test_where_the_target_was_missed_all_of_the_trial_counts(tmp_path: Path) -> None:
    found = seen(tmp_path, SETUP + FIRST + SECOND_EPOCH, None)
    assert found.stop_ns == 7.5 * SECOND
    assert names(found)[-1] == "record"


def test_times_of_day_are_those_of_the_run_and_the_ledger(tmp_path: Path) -> None:
    found = seen(tmp_path, SETUP + FIRST, 1)
    begun = datetime.fromtimestamp(found.time_ms(0) / 1000, CREATED.tzinfo)
    assert (begun - CREATED).total_seconds() == 12  # the run is created as its last record begins
    assert found.time_ms(1_999_999) - found.time_ms(0) == 1


def test_older_folders_do_not_hold_that_moment_and_begin_when_they_were_created(tmp_path: Path) -> None:
    found = seen(tmp_path, tuple(s for s in SETUP if s.name != "record") + FIRST, 1)
    assert found.time_ms(0) == CREATED.timestamp() * 1000


def test_a_time_without_a_zone_is_utc_and_one_with_another_is_moved(tmp_path: Path) -> None:
    plain = seen(tmp_path / "a", FIRST, 1, created="2026-02-03T04:05:06")
    berlin = seen(tmp_path / "b", FIRST, 1, created="2026-02-03T05:05:06+01:00")
    assert plain.time_ms(0) == berlin.time_ms(0) == CREATED.timestamp() * 1000


def test_no_segment_reaches_into_the_next(tmp_path: Path) -> None:
    overlong = (seconds("train", 0, 2.5, 1), seconds("evaluate", 2, 1, 1))
    first, second = seen(tmp_path, overlong, 1).segments
    assert (first.length_ns, second.length_ns) == (2 * SECOND, SECOND)


@pytest.mark.parametrize("segments", [(), SETUP[:1], SETUP[:1] + SETUP[2:]])
def test_a_trial_whose_data_was_not_touched_has_no_timeline(
    tmp_path: Path, segments: tuple[Segment, ...]
) -> None:
    trial = replace(TRIAL, segments=segments, status="failed", epochs_to_target=None)
    assert timeline(run_of(tmp_path, trial), trial) is None


@pytest.mark.parametrize("created", ["noon", "0001-01-01T00:00:00+23:00"])
def test_a_run_of_no_known_time_is_refused(tmp_path: Path, created: str) -> None:
    with pytest.raises(DawnbenchError, match=r"run\.json is damaged: created is '.*', which is not a time"):
        seen(tmp_path, FIRST, 1, created=created)


anything = st.builds(
    Segment,
    st.sampled_from(sorted(SEGMENTS)),
    st.none() | st.integers(1, 3),
    st.integers(-(10**11), 10**11),
    st.integers(0, 10**11),
)


@given(st.lists(anything, max_size=12), st.none() | st.integers(1, 3))
def test_whatever_the_ledger_holds_the_clock_never_goes_back(
    segments: list[Segment], to_target: int | None
) -> None:
    trial = replace(TRIAL, segments=tuple(segments), epochs_to_target=to_target)
    found = timeline(Run(Path("run"), RUN, (trial,), (), ()), trial)
    if found is None:
        return
    moments = [moment for s in found.segments for moment in (s.start_ns, s.start_ns + s.length_ns)]
    assert moments == sorted(moments)
    assert found.init_ns == moments[0]
    assert moments[-1] <= found.stop_ns
