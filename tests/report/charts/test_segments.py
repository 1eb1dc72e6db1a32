"""Where the time of a trial went."""

from __future__ import annotations

import math
from itertools import combinations
from pathlib import Path

import pytest
from matplotlib.colors import to_rgb

from dawnbench.records.reader import Run, read_run
from dawnbench.records.rules import SEGMENTS as KNOWN
from dawnbench.records.schema import Segment
from dawnbench.report.charts.segments import OTHER_COLOR, SEGMENT_COLORS, segment_chart
from dawnbench.report.page import shared_assets
from tests.cli.made_runs import made_run, trial

SECOND = 1_000_000_000
SEGMENTS = (
    Segment("load", None, -3 * SECOND, 2 * SECOND),
    Segment("compile", None, -1 * SECOND, SECOND),
    Segment("train", 1, 0, 4 * SECOND),
    Segment("evaluate", 1, 4 * SECOND, SECOND),
    Segment("train", 2, 5 * SECOND, 3 * SECOND),
    Segment("brew", 2, 8 * SECOND, 2 * SECOND),
)


def run_of(folder: Path, *reached: int | None) -> Run:
    made = [trial(i + 1, epochs=epochs, segments=SEGMENTS) for i, epochs in enumerate(reached)]
    return read_run(made_run(folder, made))


def test_what_the_clock_counted_stands_apart_from_what_came_after_the_target(tmp_path: Path) -> None:
    first, second = segment_chart(run_of(tmp_path / "run", 1, 2), "dawnbench").trials
    assert [(part.name, part.seconds, part.is_counted) for part in first.parts] == [
        ("train", 4.0, True),
        ("evaluate", 1.0, False),
        ("train", 3.0, False),
        ("brew", 2.0, False),
    ]
    assert [(part.name, part.seconds) for part in second.parts if part.is_counted] == [("train", 7.0)]
    assert first.seconds == 10.0


def test_a_trial_that_missed_the_target_ran_the_clock_to_its_end(tmp_path: Path) -> None:
    (bar,) = segment_chart(run_of(tmp_path / "run", None), "dawnbench").trials
    assert [(part.name, part.seconds) for part in bar.parts if part.is_counted] == [("train", 7.0)]


def test_the_set_up_has_a_bar_of_its_own(tmp_path: Path) -> None:
    bar = segment_chart(run_of(tmp_path / "run", 1, 2), "cold").setup
    assert bar is not None
    assert [(part.name, part.is_counted, part.seconds) for part in bar.parts] == [
        ("load", True, 2.0),
        ("compile", True, 1.0),
    ]


def test_the_parts_counted_add_up_to_the_trial_s_time(run: Run) -> None:
    chart = segment_chart(run, "dawnbench")
    for one, bar in zip(run.trials, chart.trials, strict=True):
        counted = sum(part.seconds for part in bar.parts if part.is_counted)
        once = sum(s.length_ns for s in one.segments if s.start_ns < 0 and s.name == "build") / 1e9
        assert counted + once == pytest.approx(one.seconds["dawnbench"])
        assert bar.seconds <= chart.longest


def test_every_segment_has_a_color_of_its_own_on_plots_and_pages_alike() -> None:
    assert set(SEGMENT_COLORS) == KNOWN
    colors = [to_rgb(color) for color in (*SEGMENT_COLORS.values(), OTHER_COLOR)]
    for one, other in combinations(colors, 2):
        assert math.dist(one, other) > 0.2
    styles = shared_assets()["page.css"].decode()
    for name, color in SEGMENT_COLORS.items():
        assert f".segment-{name} {{ --fill: {color}; }}" in styles
