"""A trial's progress over its epochs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from dawnbench.records.reader import read_run
from dawnbench.records.schema import Segment
from dawnbench.stats.progress import elapsed_seconds, median_trial, seconds_by_segment
from tests.cli.made_runs import trial
from tests.records.full_runs import full_run


@pytest.mark.parametrize("rule", ["airbench", "strict"])
def test_the_clock_ends_at_the_trials_time(rule: str, tmp_path: Path) -> None:
    run = read_run(full_run(tmp_path / "a"))
    for one in run.trials:
        shown = elapsed_seconds(one, rule)
        assert list(shown) == list(range(1, 11))
        assert shown[10] == pytest.approx(one.seconds[rule])
        assert sorted(shown.values()) == list(shown.values())


def test_at_the_epoch_of_the_target_the_clock_shows_the_time_to_it(tmp_path: Path) -> None:
    run = read_run(full_run(tmp_path / "a"))
    reached = [one for one in run.trials if one.epochs_to_target is not None]
    assert reached
    for one in reached:
        assert elapsed_seconds(one, "dawnbench")[one.epochs_to_target] == pytest.approx(
            one.seconds["dawnbench"]
        )


def test_the_median_trial_is_the_one_in_the_middle_and_misses_are_the_slowest() -> None:
    timed = [trial(number, seconds) for number, seconds in ((1, 5.0), (2, 3.0), (3, 4.0))]
    assert median_trial(timed, "dawnbench") is timed[2]
    missed = [trial(number, epochs=None) for number in (4, 5)]
    assert median_trial([*timed, *missed], "dawnbench") is timed[0]
    assert median_trial([*timed, missed[0]], "dawnbench") is timed[2]
    assert median_trial([], "dawnbench") is None


def test_segments_with_the_same_name_are_added_up_in_order() -> None:
    second = 10**9
    later, first = Segment("train", 2, 3 * second, 2 * second), Segment("train", 1, 1, second)
    one = replace(trial(), segments=(later, Segment("load", None, -5, second), first))
    assert list(seconds_by_segment(one).items()) == [("load", 1.0), ("train", 3.0)]
