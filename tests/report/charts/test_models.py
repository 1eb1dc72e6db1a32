"""The accuracies of several models, as data."""

from __future__ import annotations

from pathlib import Path

import pytest

from dawnbench.report.charts.models import series_chart
from tests.report.write_up.models import finished, model_run


@pytest.mark.parametrize(
    ("accuracies", "target", "scale"),
    [
        ([0.90, 0.95, 0.99, 0.995], 0.99, "error"),
        ([0.1, 0.3, 0.5], 0.6, "linear"),
        ([0.9, 0.99, 1.0], 0.99, "error"),
    ],
)
def test_the_axis_follows_the_error_if_that_spreads_it(
    accuracies: list[float], target: float, scale: str, tmp_path: Path
) -> None:
    chart = series_chart([model_run(tmp_path / "a", accuracies, target=target)], ["a"], "dawnbench")
    assert chart is not None
    assert chart.y.scale == scale


def test_the_median_of_the_trials_that_ended_is_drawn(tmp_path: Path) -> None:
    ended = [
        finished(1),
        finished(2),
        finished(3),
        finished(4, status="diverged", seconds={"strict": 1.0}),
    ]
    run = model_run(tmp_path / "a", [0.1] * 7, [0.2] * 7, [0.3] * 7, [0.4], ended=ended)
    chart = series_chart([run], ["a"], "strict")
    assert chart is not None
    assert chart.curves[0].accuracies == [20.0] * 7


def test_what_has_no_epoch_is_not_drawn(tmp_path: Path) -> None:
    runs = [model_run(tmp_path / "a", (), ended=[]), model_run(tmp_path / "b")]
    chart = series_chart(runs, ["a", "b"], "dawnbench")
    assert chart is not None
    assert [curve.name for curve in chart.curves] == ["b"]
    assert series_chart(runs[:1], ["a"], "dawnbench") is None
