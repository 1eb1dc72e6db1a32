"""Where the time of a trial went."""

from __future__ import annotations

from pathlib import Path

import pytest

from dawnbench.records.reader import Run, read_run
from dawnbench.records.schema import Segment
from dawnbench.report.page.stacks import setup_bar, trial_bars
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
    first, second = trial_bars(run_of(tmp_path / "run", 1, 2), "dawnbench")
    assert [(part.name, part.length, part.counted) for part in first.parts] == [
        ("train", "4.000 s", True),
        ("evaluate", "1.000 s", False),
        ("train", "3.000 s", False),
        ("brew", "2.000 s", False),
    ]
    assert [(part.name, part.length) for part in second.parts if part.counted] == [("train", "7.000 s")]
    assert first.total == "10.000 s"
    assert [part.known for part in first.parts] == [True, True, True, False]


def test_the_set_up_has_a_bar_of_its_own(tmp_path: Path) -> None:
    run = run_of(tmp_path / "run", 1, 2)
    bar = setup_bar(run, "cold")
    assert bar is not None
    assert [(part.name, part.counted, part.share) for part in bar.parts] == [
        ("load", True, pytest.approx(66.667)),
        ("compile", True, pytest.approx(33.333)),
    ]


def test_the_parts_counted_add_up_to_the_trial_s_time(run: Run) -> None:
    for one, bar in zip(run.trials, trial_bars(run, "dawnbench"), strict=True):
        counted = sum(float(part.length.removesuffix(" s")) for part in bar.parts if part.counted)
        once = sum(s.length_ns for s in one.segments if s.start_ns < 0 and s.name == "build") / 1e9
        assert counted + once == pytest.approx(one.seconds["dawnbench"], abs=0.01)  # each is rounded
        assert sum(part.share for part in bar.parts) <= 100.01
