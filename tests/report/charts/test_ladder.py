"""A run among the published times, as data."""

from __future__ import annotations

from dawnbench.report.charts.ladder import ladder
from tests.report.text.test_ladder_table import figure, series


def test_the_fastest_is_on_top_and_a_tie_goes_to_the_published_time() -> None:
    found = ladder(series(10.0, 30.0, 20.0), [figure(40.0), figure(20.0), figure(5.0)], "dawnbench")
    assert found is not None
    assert [(rung.seconds, rung.is_own) for rung in found.rungs] == [
        (5.0, False),
        (20.0, False),
        (20.0, True),
        (40.0, False),
    ]
    assert [found.times_as_long(rung) for rung in found.rungs] == [4.0, 1.0, 1.0, 0.5]
    assert found.title == "94 % on CIFAR-10, dawnbench rule"


def test_a_system_named_after_its_team_names_it_once_and_machines_are_counted() -> None:
    found = ladder(series(10.0), [figure(5.0, system="Team's Net", devices=8), figure(6.0)], "dawnbench")
    assert found is not None
    assert [(rung.system, rung.hardware) for rung in found.rungs[:2]] == [
        ("Team's Net", "8 x V100"),
        ("Team: Net", "V100"),
    ]


def test_a_run_that_never_reached_the_target_has_no_place() -> None:
    assert ladder(series(None, None), [figure(5.0)], "dawnbench") is None


def test_only_times_to_the_same_target_are_on_it() -> None:
    found = ladder(series(10.0), [figure(5.0), figure(6.0, target=0.96)], "dawnbench")
    assert found is not None
    assert [rung.seconds for rung in found.rungs] == [5.0, 10.0]


def test_a_rule_by_which_nothing_is_published_has_no_ladder() -> None:
    assert ladder(series(1.0), [figure(5.0)], "airbench") is None
