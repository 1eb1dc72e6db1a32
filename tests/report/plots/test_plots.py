"""A run's figures, by what is drawn in them."""

from __future__ import annotations

from pathlib import Path
from statistics import fmean

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from dawnbench.records.published import read_published
from dawnbench.records.reader import Run, read_run
from dawnbench.report.charts.ladder import ladder
from dawnbench.report.charts.ratios import ratio_chart
from dawnbench.report.charts.segments import SEGMENT_COLORS
from dawnbench.report.plots.bars import draw_ladder
from dawnbench.report.plots.dots import draw_ratios
from dawnbench.report.plots.plot_files import run_plots, write_plots
from dawnbench.stats.comparison.compare import compare
from dawnbench.stats.comparison.outcome import Comparison
from tests.cli.made_runs import HOSTILE, make_trial_set, trials
from tests.records.full_runs import full_run

ALL = {"accuracy", "curves", "learning-rate", "segments", "telemetry", "times"}


def made(folder: Path, **changes: object) -> Run:
    return read_run(full_run(folder, **changes))  # type: ignore[arg-type]


def drawn_ratios(comparison: Comparison) -> Figure:
    chart = ratio_chart(comparison)
    assert chart is not None
    return draw_ratios(chart)


def texts(figure: Figure) -> str:
    return " | ".join(text.get_text() for text in figure.findobj(lambda a: hasattr(a, "get_text")))


def test_a_whole_run_has_all_of_them(tmp_path: Path) -> None:
    assert run_plots(made(tmp_path / "a"), "dawnbench").keys() == ALL


def test_what_was_not_recorded_is_not_drawn(tmp_path: Path) -> None:
    run = made(tmp_path / "a", hertz=0)
    assert run_plots(run, "dawnbench").keys() == ALL - {"telemetry"}
    assert run_plots(Run(run.folder, run.record, (), (), ()), "dawnbench") == {}


def test_accuracy_has_every_trial_the_target_and_its_crossing(tmp_path: Path) -> None:
    run = made(tmp_path / "a")
    figure = run_plots(run, "dawnbench")["accuracy"]
    axes = figure.axes[0]
    thick = [line for line in axes.lines if len(line.get_xdata()) == 10]
    assert len(thick) == 1
    (others,) = axes.collections
    assert [len(path.vertices) for path in others.get_paths()] == [10] * 4
    assert any(list(line.get_ydata()) == [94, 94] for line in axes.lines)
    median = next(t for t in run.trials if f"trial {t.trial}, the median" in texts(figure))
    assert f"epoch {median.epochs_to_target}" in texts(figure)
    assert f"mean time to target {fmean(t.seconds['dawnbench'] for t in run.trials):.3f} s" in texts(figure)


def test_telemetry_marks_epochs_and_shades_throttling(tmp_path: Path) -> None:
    run = made(tmp_path / "a", trials=1)
    figure = run_plots(run, "dawnbench")["telemetry"]
    labels = [axes.get_ylabel() for axes in figure.axes]
    assert labels == ["power, W", "utilization, %", "temperature, °C", "clocks, MHz"]
    for axes in figure.axes:
        assert len([line for line in axes.lines if line.get_linestyle() == ":"]) == 10
        assert len(axes.patches) == 1
    quiet = run_plots(made(tmp_path / "b", trials=1, throttled=False), "dawnbench")["telemetry"]
    assert not quiet.axes[0].patches


def test_misses_are_crosses_beside_the_dots(tmp_path: Path) -> None:
    run = made(tmp_path / "a", final=0.9401, trials=8)
    missed = sum(t.epochs_to_target is None for t in run.trials)
    assert 0 < missed < 8
    axes = run_plots(run, "dawnbench")["times"].axes[0]
    counts = {line.get_marker(): len(line.get_xdata()) for line in axes.lines}
    assert counts["o"] == 8 - missed
    assert counts["x"] == missed


def test_bars_of_segments_add_up_to_the_ledger(tmp_path: Path) -> None:
    run = made(tmp_path / "a", trials=2)
    setup, trials = run_plots(run, "dawnbench")["segments"].axes
    for axes, segments in (
        (setup, [s for s in run.trials[0].segments if s.start_ns < 0]),
        (trials, [s for t in run.trials for s in t.segments if s.start_ns >= 0]),
    ):
        drawn = sum(bar.get_width() for bar in axes.patches)  # type: ignore[attr-defined]
        assert drawn == pytest.approx(sum(s.length_ns for s in segments) / 1e9)


def test_what_the_clock_does_not_count_is_hatched(tmp_path: Path) -> None:
    figure = run_plots(made(tmp_path / "a", trials=2), "dawnbench")["segments"]
    hatched = [bar for axes in figure.axes for bar in axes.patches if bar.get_hatch()]
    assert 0 < len(hatched) < sum(len(axes.patches) for axes in figure.axes)
    assert "not on the dawnbench clock" in texts(figure)
    drawn = {to_hex(bar.get_facecolor()).upper() for axes in figure.axes for bar in axes.patches}
    assert drawn <= set(SEGMENT_COLORS.values())


def test_a_ratio_is_drawn_with_its_interval_and_the_verdict(tmp_path: Path) -> None:
    pair = [make_trial_set(tmp_path / name, trials(mean, 10)) for name, mean in (("a", 2.6), ("b", 2.0))]
    comparison = compare(*pair)
    figure = drawn_ratios(comparison)
    assert "b is faster than a" in texts(figure).replace("\n", " ")
    axes = figure.axes[0]
    assert axes.get_yticklabels()[0].get_text() == "dawnbench"
    low, high = axes.get_xlim()
    ratio = comparison.verdict.ratio
    assert ratio is not None
    assert low < ratio.value < 1 < high
    assert len([tick for tick in axes.get_xticks() if low <= tick <= high]) >= 3


def test_a_title_fits_across_the_figure(tmp_path: Path) -> None:
    names = ("20260203T040506Z-davidnet-0a1b2c", "20260204T040506Z-davidnet-0a1b2d")
    pair = [
        make_trial_set(tmp_path / name, trials(mean, 10))
        for name, mean in zip(names, (2.6, 2.0), strict=True)
    ]
    figure = drawn_ratios(compare(*pair))
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    title = figure._suptitle  # type: ignore[attr-defined]
    box = title.get_window_extent(canvas.get_renderer())
    assert 0 <= box.x0 < box.x1 <= figure.bbox.width


def test_the_ladder_has_the_run_in_its_place(tmp_path: Path) -> None:
    series = make_trial_set(tmp_path / "a", trials(30.0, 10))
    published = ladder(series, read_published(), "dawnbench")
    assert published is not None
    figure = draw_ladder(published)
    values = [bar.get_width() for bar in figure.axes[0].patches]  # type: ignore[attr-defined]
    assert values == sorted(values)
    assert any(29 < value < 31 for value in values)
    assert "94 % on CIFAR-10, dawnbench rule" in texts(figure)


def test_files_are_equal_whenever_they_are_drawn(tmp_path: Path) -> None:
    full_run(tmp_path / "a", trials=2)
    written = []
    for name in ("x", "y"):
        paths = write_plots(run_plots(read_run(tmp_path / "a"), "dawnbench"), tmp_path / name)
        assert all(path.suffix == ".svg" for path in paths.values())
        written.append({path.name: path.read_bytes() for path in sorted((tmp_path / name).iterdir())})
    assert written[0] == written[1]
    assert len(written[0]) == 2 * len(ALL)


def test_hostile_names_are_drawn_as_they_are(tmp_path: Path) -> None:
    run = made(tmp_path / "a", trials=1, recipe_name=HOSTILE + "$x^$", device_name="$\\frac{1}$ & <b>")
    write_plots(run_plots(run, "dawnbench"), tmp_path / "x")
    assert "<script>" not in (tmp_path / "x" / "accuracy.svg").read_text()


def test_a_thousand_trials_are_as_few_objects_to_draw_as_three(tmp_path: Path) -> None:
    few, many = (
        run_plots(made(tmp_path / str(trials), trials=trials, epochs=3, hertz=0), "dawnbench")
        for trials in (3, 100)
    )
    for name in ("accuracy", "curves", "times"):
        # Of a line object for each trial, thousands would take minutes.
        assert len(many[name].findobj()) < len(few[name].findobj()) + 50


def test_trials_of_one_epoch_are_dots(tmp_path: Path) -> None:
    figures = run_plots(made(tmp_path / "a", trials=4, epochs=1, hertz=0), "dawnbench")
    dots = [line for line in figures["curves"].axes[0].lines if line.get_marker() == "o"]
    assert sorted(len(line.get_xdata()) for line in dots) == [1, 1, 3, 3]
