from __future__ import annotations

from typing import Any

import pytest

from dawnbench.records.schema import DataRecord
from dawnbench.stats.entries import Entry, entry_of, histories
from dawnbench.stats.leaderboard import Row, leaderboard, standing_for
from dawnbench.stats.trial_summary import summarise
from tests.stats.trial_sets import diverged, series, timed, trial

OTHER_DATA = DataRecord("digits", "ef" * 32, 1500, 297, (8, 8, 1), 10)


def entry(*seconds: float | None, day: int = 1, recipe: str = "davidnet", **changes: Any) -> Entry:
    """A run on this day with these times; None for a trial that missed the target."""
    usual = {
        "name": f"{day:02d}-{recipe}",
        "created": f"2026-02-{day:02d}T00:00:00+00:00",
        "recipe_name": recipe,
        "recipe_digest": recipe,
    }
    made = timed(*seconds, **{**usual, **changes})
    return entry_of(made, summarise(made))


def rows(*entries: Entry) -> list[Row]:
    return [row for board in leaderboard(histories(entries)) for row in board.rows]


def places(*entries: Entry) -> dict[str, int | None]:
    return {row.entry.identity.recipe_name: row.place for row in rows(*entries)}


def test_the_fastest_is_on_top_whatever_the_order() -> None:
    found = places(
        entry(3, 3.1, recipe="slow"), entry(1, 1.1, day=2, recipe="fast"), entry(2, 2.1, recipe="mid")
    )
    assert found == {"fast": 1, "mid": 2, "slow": 3}
    assert list(found) == ["fast", "mid", "slow"]


def test_equal_times_share_a_place() -> None:
    assert places(entry(2, 2.1, recipe="a"), entry(2, 2.1, recipe="b"), entry(3, 3.1, recipe="c")) == {
        "a": 1,
        "b": 1,
        "c": 3,
    }


def test_a_series_that_never_reached_the_target_is_last_without_a_place() -> None:
    found = places(entry(None, None, recipe="never"), entry(9, 9.1, recipe="late"))
    assert found == {"late": 1, "never": None}
    assert list(found) == ["late", "never"]


def test_misses_are_included_in_the_time() -> None:
    (row,) = rows(entry(20, None))
    assert row.time.expected == pytest.approx(20 + 40)  # a miss spends 40 s
    assert (row.entry.reached, row.entry.trials) == (1, 2)


def test_under_rules_for_whole_trials_a_failed_claim_has_no_place() -> None:
    def by_airbench(name: str, seconds: float, accuracy: float) -> Entry:
        trials = [
            trial(
                i,
                seconds={"airbench": seconds},
                spent_seconds={"airbench": seconds},
                accuracy=accuracy + i / 1e4,
            )
            for i in range(5)
        ]
        made = series(trials, name=name, recipe_name=name, recipe_digest=name)
        return entry_of(made, summarise(made))

    assert places(by_airbench("hasty", 1, 0.93), by_airbench("honest", 2, 0.95)) == {
        "honest": 1,
        "hasty": None,
    }


def test_under_rules_that_stop_at_the_target_the_claim_does_not_matter() -> None:
    made = series([trial(i, 2.0, accuracy=0.93 + i / 1e4) for i in range(5)])
    (row,) = rows(entry_of(made, summarise(made)))
    assert row.entry.claim is not None
    assert (row.entry.claim.standing, row.place) == ("fails", 1)


@pytest.mark.parametrize(
    "changes",
    [
        {"data": OTHER_DATA},
        {"target": 0.93},
    ],
)
def test_different_data_and_targets_have_separate_boards(changes: dict[str, Any]) -> None:
    boards = leaderboard(histories([entry(2, 2.1), entry(1, 1.1, day=2, **changes)]))
    assert [[row.place for row in board.rows] for board in boards] == [[1], [1]]
    assert len({(board.fingerprint, board.target) for board in boards}) == 2


@pytest.mark.parametrize(
    "changes",
    [
        {"data": OTHER_DATA},
        {"target": 0.93},
        {"recipe_digest": "another"},
        {"device_name": "AMD EPYC"},
        {"precision": "fp32"},
    ],
)
def test_runs_that_differ_in_any_of_these_are_separate_series(changes: dict[str, Any]) -> None:
    assert len(histories([entry(2, 2.1), entry(1, 1.1, day=2, **changes)])) == 2


@pytest.mark.parametrize(
    "changes", [{"recipe_name": "renamed"}, {"dawnbench_version": "9"}, {"device": "cuda:1"}]
)
def test_runs_that_differ_only_in_other_facts_are_one_series(changes: dict[str, Any]) -> None:
    assert len(histories([entry(2, 2.1), entry(1, 1.1, day=2, **changes)])) == 1


def test_a_history_is_in_order_of_time() -> None:
    runs = [entry(1, 1, day=day) for day in (3, 1, 2)]
    assert [run.name[:2] for run in histories(runs)[runs[0].identity]] == ["01", "02", "03"]


def test_the_newest_run_represents_its_series_not_the_best() -> None:
    (row,) = rows(entry(2, 2.1, day=1), entry(1, 1.1, day=2), entry(3, 3.1, day=3))
    assert (row.entry.name[:2], row.runs) == ("03", 3)


def test_a_single_trial_does_not_take_the_place_of_a_run_with_an_interval() -> None:
    runs = [entry(2, 2.1, day=1), entry(1.5, day=2)]
    assert standing_for(runs, "dawnbench") is runs[0]
    assert standing_for(runs[1:], "dawnbench") is runs[1]
    assert standing_for(runs, "cold") is None


def test_a_run_without_trials_has_no_row() -> None:
    assert rows(entry()) == []


def test_an_infinite_upper_bound_becomes_none() -> None:
    (row,) = rows(entry(20, None, None))
    assert row.time.low is not None
    assert row.time.high is None
    made = series([diverged(), diverged()])
    assert entry_of(made, summarise(made)).times[0].low is None
