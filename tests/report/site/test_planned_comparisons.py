from __future__ import annotations

from pathlib import Path

from dawnbench.records.reader import read_run
from dawnbench.records.trial_set import trial_set_of
from dawnbench.report.site.planned_comparisons import plan_comparisons
from dawnbench.report.site.series_history import series_histories
from dawnbench.stats.entries import entry_of
from dawnbench.stats.trial_summary import summarise
from tests.report.site.folders import history, pair, small_run


def planned(folders: list[Path], rule: str = "dawnbench") -> list[tuple[str, str, str]]:
    """Return kind, reference and other, the runs by the numbers that their folders' names end with."""
    opened = [trial_set_of(read_run(folder)) for folder in folders]
    series = series_histories(entry_of(trials, summarise(trials)) for trials in opened)
    return [(one.kind, one.reference.name[-1], one.other.name[-1]) for one in plan_comparisons(series, rule)]


def test_a_run_is_compared_with_the_previous_one_and_the_newest_with_the_first(tmp_path: Path) -> None:
    assert planned(history(tmp_path, [2.6, 2.7, 2.8])) == [
        ("previous", "0", "1"),
        ("previous", "1", "2"),
        ("first", "0", "2"),
    ]


def test_no_two_runs_are_compared_twice(tmp_path: Path) -> None:
    assert planned(history(tmp_path, [2.6, 2.7])) == [("previous", "0", "1")]
    # Both sides of one recipe follow each other in its history.
    both = pair(tmp_path / "ab", 5, 2.6, 2.7, recipe_b="davidnet")
    assert planned(both) == [("pair", "5", "6")]


def test_the_sides_of_a_campaign_are_compared_across_their_recipes(tmp_path: Path) -> None:
    assert planned(pair(tmp_path, 5, 2.6, 2.3)) == [("pair", "5", "6")]
    assert planned(pair(tmp_path / "half", 6, 2.6, 2.3)[:1]) == []


def test_runs_of_other_recipes_are_not_compared(tmp_path: Path) -> None:
    assert planned([small_run(tmp_path, 1, 2.0), small_run(tmp_path, 2, 2.0, recipe_name="other")]) == []


def test_more_devices_are_compared_with_the_fewest(tmp_path: Path) -> None:
    runs = [
        *history(tmp_path, [2.6, 2.7], devices=8),
        small_run(tmp_path, 2, 9.0, devices=2),
        small_run(tmp_path, 3, 1.5, devices=16, nodes=2),
        small_run(tmp_path, 4, 4.0, devices=4, device_name="NVIDIA A100"),
    ]
    assert planned(runs) == [("previous", "0", "1"), ("devices", "2", "1"), ("devices", "2", "3")]


def test_a_run_without_a_time_by_the_rule_is_passed_over(tmp_path: Path) -> None:
    runs = [
        *history(tmp_path, [2.6]),
        small_run(tmp_path, 1, 2.0, count=0),
        *history(tmp_path, [2.7], first=2),
    ]
    assert planned(runs) == [("previous", "0", "2")]
