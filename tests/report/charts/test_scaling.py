"""A scaling study, as data."""

from __future__ import annotations

import pytest

from dawnbench.report.charts.scaling import scaling_charts
from tests.report.scale_study import one_seed, point, study


def test_each_axis_has_time_memory_and_accuracy() -> None:
    rows = scaling_charts(study())
    assert [row[0].x.title for row in rows] == ["batch size", "width, times the recipe's", "threads"]
    time, memory, accuracy = rows[0]
    measured, law = time.lines
    assert list(measured.x) == list(time.x.ticks) == [256, 512, 1024]
    assert list(measured.y) == [40, 20, 10]
    assert (law.y[0], law.y[-1]) == (pytest.approx(40), pytest.approx(10))
    taken, predicted = memory.lines
    assert list(taken.known()[1]) == pytest.approx([1, 2])
    assert list(predicted.known()[1]) == pytest.approx([0.98, 2.1])
    seeds, mean = accuracy.lines
    assert list(seeds.x) == [256, 256, 512, 512, 1024, 1024]
    assert list(seeds.y) == pytest.approx([90.73, 91.73] * 3)
    assert list(mean.y) == pytest.approx([91.23] * 3)
    assert [time.y.title, memory.y.title, accuracy.y.title] == [
        "time per epoch, s",
        "peak memory, GB",
        "validation accuracy, %",
    ]


def test_two_values_are_needed_for_a_law() -> None:
    (time, *_), *_ = scaling_charts(study(point(256, 4.0)))
    assert [line.label for line in time.lines] == ["measured"]


def test_the_accuracy_of_single_seeds_is_not_drawn_as_a_trend() -> None:
    rows = scaling_charts(study(one_seed(256, 4.0), one_seed(512, 2.0)))
    assert [[chart.title for chart in row] for row in rows] == [["Time", "Memory"]] * 3


def test_an_axis_without_a_point_is_drawn_all_the_same() -> None:
    (_, _, accuracy), *_ = scaling_charts(study(point(256, None)))
    assert [list(line.y) for line in accuracy.lines] == [[], []]
