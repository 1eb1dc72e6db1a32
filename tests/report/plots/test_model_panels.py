"""The figure of a series, by what is drawn in it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from dawnbench.records.reader import Run
from dawnbench.report.charts.models import series_chart
from dawnbench.report.plots.model_panels import draw_series
from dawnbench.report.plots.style import save, styled
from tests.cli.made_runs import HOSTILE, steers
from tests.report.write_up.models import RISING, model_run


@pytest.fixture
def drawn(tmp_path: Path) -> Drawn:
    return Drawn(tmp_path)


class Drawn:
    """The figure of models with these accuracies, a trial each."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __call__(self, *models: Sequence[float], targets: Sequence[float] = (), name: str = "m") -> Figure:
        goals = [*targets, *[0.99] * (len(models) - len(targets))]
        runs = [
            model_run(self._folder / str(i), accuracies, target=goal)
            for i, (accuracies, goal) in enumerate(zip(models, goals, strict=True))
        ]
        figure = drawn_of(runs, [f"{name}{i}" for i in range(len(runs))])
        FigureCanvasAgg(figure).draw()
        return figure


def drawn_of(runs: Sequence[Run], names: Sequence[str], rule: str = "dawnbench") -> Figure:
    chart = series_chart(runs, names, rule)
    assert chart is not None
    with styled():
        return draw_series(chart)


def legend(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.legends[0].get_texts()]


def test_each_model_has_its_line_and_an_equal_target_one_for_all(drawn: Drawn) -> None:
    figure = drawn(RISING, [0.9] * 7)
    lines = figure.axes[0].lines
    assert list(lines[0].get_ydata()) == pytest.approx([100 * accuracy for accuracy in RISING])
    assert list(lines[1].get_ydata()) == [90.0] * 7
    assert list(lines[2].get_ydata()) == [99.0, 99.0]
    assert legend(figure) == ["m0", "m1", "target"]


def test_targets_that_differ_are_marked_in_their_models_colours(drawn: Drawn) -> None:
    figure = drawn(RISING, RISING, targets=[0.99, 0.98])
    marks = [line for line in figure.axes[0].lines if line.get_marker() == "<" and len(line.get_xdata())]
    assert [list(line.get_ydata()) for line in marks] == [[99.0], [98.0]]
    assert [m.get_color() for m in marks] == [line.get_color() for line in figure.axes[0].lines[:2]]
    box = marks[0].get_window_extent(figure.canvas.get_renderer())  # type: ignore[attr-defined]
    assert box.x1 <= figure.bbox.width


def test_more_than_six_models_have_a_panel_each(drawn: Drawn) -> None:
    assert len(drawn(*[RISING] * 6).axes) == 1


def test_a_panel_shows_its_model_thick_among_all(drawn: Drawn) -> None:
    figure = drawn(*[RISING] * 7)
    seen = [axes for axes in figure.axes if axes.get_visible()]
    assert [axes.get_title() for axes in seen] == [f"m{i}" for i in range(7)]
    for axes in seen:
        curves = [line for line in axes.lines if len(line.get_xdata()) == 7]
        assert len(curves) == 8
        assert sum(line.get_linewidth() > 1 for line in curves) == 1


def test_long_names_differ_in_their_panels_and_do_not_run_into_each_other(drawn: Drawn) -> None:
    figure = drawn(*[RISING] * 7, name="mnist-1, 20261121T183319Z-mnist-1-ae479")
    titles = [axes.title for axes in figure.axes if axes.get_visible()]
    assert len({title.get_text() for title in titles}) == 7
    boxes = [title.get_window_extent() for title in titles]
    assert not any(a.overlaps(b) for a, b in combinations(boxes, 2))


@pytest.mark.parametrize(
    ("accuracies", "straight"),
    [([0.90, 0.95, 0.99, 0.995], False), ([0.1, 0.3, 0.5], True), ([0.9, 0.99, 1.0], False)],
)
def test_the_axis_follows_the_error_where_that_spreads_it(
    accuracies: list[float], straight: bool, drawn: Drawn
) -> None:
    axes = drawn(accuracies, targets=[0.6 if straight else 0.99]).axes[0]
    assert (axes.get_yscale() == "linear") == straight
    low, high = axes.get_ylim()
    assert low < 100 * min(accuracies) < 100 * max(accuracies) <= high
    heights = axes.transData.transform([(1, 100 * a) for a in accuracies])[:, 1]
    assert np.all(np.isfinite(heights))
    assert np.all(np.diff(heights) > 0)
    assert len([tick for tick in axes.get_yticks() if low <= tick <= high]) >= 2


def test_a_single_epoch_is_numbered_whole(drawn: Drawn) -> None:
    figure = drawn([0.5], [0.6])
    (axes,) = figure.axes
    low, high = axes.get_xlim()
    assert [tick for tick in axes.get_xticks() if low <= tick <= high] == [1]


def test_names_are_no_markup_and_leave_room(tmp_path: Path, drawn: Drawn) -> None:
    figure = drawn(RISING, name=HOSTILE + "$x^$" + "y" * 200)
    save(figure, tmp_path / "x")
    assert max(map(len, legend(figure))) <= 30
    assert not any(map(steers, legend(figure)))
    assert "<script>" not in (tmp_path / "x.svg").read_text()


def test_files_are_equal_whenever_they_are_drawn(tmp_path: Path) -> None:
    run = model_run(tmp_path / "a")
    for name in "xy":
        save(drawn_of([run], ["a"]), tmp_path / name)
    assert (tmp_path / "x.svg").read_bytes() == (tmp_path / "y.svg").read_bytes()
    assert (tmp_path / "x.png").read_bytes() == (tmp_path / "y.png").read_bytes()
