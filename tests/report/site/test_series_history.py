from __future__ import annotations

import time
from pathlib import Path

import pytest

from dawnbench.records.reader import read_run
from dawnbench.records.trial_set import trial_set_of
from dawnbench.report.charts import Chart
from dawnbench.report.site.series_history import history_chart, series_histories
from dawnbench.stats.entries import entry_of
from dawnbench.stats.trial_summary import summarise
from tests.report.site.folders import history, small_run


def chart(folders: list[Path]) -> Chart | None:
    opened = [trial_set_of(read_run(folder)) for folder in folders]
    (series_history,) = series_histories(entry_of(trials, summarise(trials)) for trials in opened)
    return history_chart("dawnbench", series_history.levels["dawnbench"])


def test_every_run_is_a_point_at_its_time(tmp_path: Path) -> None:
    drawn = chart(history(tmp_path, [2.0, 2.1]))
    assert drawn is not None
    medians, level = drawn.lines
    # 2026-01-01 in UTC and seven hours later, in seconds since 1970.
    assert medians.x == [1767225600, 1767225600 + 7 * 3600]
    assert medians.y == pytest.approx([2.0, 2.1], rel=0.02)
    assert [name[-1] for name in medians.names] == ["0", "1"]
    assert (drawn.x.kind, drawn.marks) == ("date", [])
    assert level.y[0] == level.y[1] == pytest.approx(2.05, rel=0.02)


def test_a_step_is_marked_at_the_first_run_of_the_new_level(tmp_path: Path) -> None:
    drawn = chart(history(tmp_path, [2.0] * 6 + [2.4] * 6))
    assert drawn is not None
    medians, level = drawn.lines
    (mark,) = drawn.marks
    assert mark.x == medians.x[6]
    assert mark.label.startswith(("+19", "+2"))
    assert level.y == [pytest.approx(2.0, rel=0.02)] * 2 + [None] + [pytest.approx(2.4, rel=0.02)] * 2
    assert level.x == sorted(level.x)


def test_runs_whose_time_cannot_be_read_stand_in_their_order(tmp_path: Path) -> None:
    drawn = chart([small_run(tmp_path, i, 2.0, created=when) for i, when in enumerate(("early", "late"))])
    assert drawn is not None
    assert (drawn.x.kind, drawn.lines[0].x) == ("count", [1, 2])


def test_a_time_without_a_zone_is_in_utc_wherever_the_page_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders = [small_run(tmp_path, i, 2.0, created=f"2026-01-01T0{i}:00:00") for i in range(2)]
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        drawn = chart(folders)
    finally:
        monkeypatch.undo()
        time.tzset()
    assert drawn is not None
    assert drawn.lines[0].x == [1767225600, 1767225600 + 3600]


def test_runs_on_one_and_on_two_threads_are_series_of_their_own(tmp_path: Path) -> None:
    folders = [
        small_run(tmp_path, i, 2.0, device_name="AMD EPYC", environment={"cpu": {"threads": threads}})
        for i, threads in enumerate((2, 1, 2))
    ]
    opened = [trial_set_of(read_run(folder)) for folder in folders]
    found = series_histories(entry_of(trials, summarise(trials)) for trials in opened)
    assert [(one.title, len(one.runs)) for one in found] == [
        ("davidnet on AMD EPYC, 1 thread", 1),
        ("davidnet on AMD EPYC, 2 threads", 2),
    ]
    assert len({one.page for one in found}) == 2


def test_one_run_is_no_history(tmp_path: Path) -> None:
    assert chart(history(tmp_path, [2.0])) is None
