"""The tables of a run's page, and the large figures at its top."""

from __future__ import annotations

from pathlib import Path

from dawnbench.records.reader import Run, read_run
from dawnbench.records.schema import Segment
from dawnbench.records.trial_set import trial_set_of
from dawnbench.report.page import Table
from dawnbench.report.page.facts import facts, tiles
from dawnbench.report.page.run_tables import (
    epochs_table,
    readings_table,
    segments_table,
    settings_table,
    summary_table,
    trials_table,
)
from dawnbench.report.units import percent, seconds
from dawnbench.stats.trial_summary import summarise
from tests.cli.made_runs import made_run, trial, trials
from tests.records.folders import make_run


def column(table: Table, title: str) -> list[str]:
    number = [one.title for one in table.columns].index(title)
    return [row[number].text for row in table.rows]


def test_every_trial_has_its_row_and_the_median_is_marked(run: Run) -> None:
    table = trials_table(run, median=3)
    assert column(table, "Trial") == ["1", "2", "3", "4", "5"]
    assert table.marked == 2
    assert column(table, "strict") == [seconds(trial.seconds["strict"]) for trial in run.trials]
    assert column(table, "Final accuracy") == [percent(trial.accuracy) for trial in run.trials]
    assert all(one.endswith(" J") for one in column(table, "Energy to target"))
    assert all(len(row) == len(table.columns) for row in table.rows)


def test_what_no_trial_measured_has_no_column(tmp_path: Path) -> None:
    made = [
        trial(1, joules=None),
        trial(2, epochs=None, joules=None, status="diverged", reason="loss is nan"),
    ]
    table = trials_table(read_run(made_run(tmp_path / "run", made)), median=1)
    assert "Energy to target" not in [one.title for one in table.columns]
    assert column(table, "dawnbench") == ["2.600 s", "-"]
    assert column(table, "Status") == ["finished", "diverged: loss is nan"]
    assert table.notes[0] == (
        "A dash under dawnbench, cold and Epochs to target of trial 2: the trial diverged before it reached "
        "the target."
    )
    assert [row[2].value for row in table.rows] == [2.6, None]


def test_a_segment_that_a_trial_lacks_took_it_no_time(tmp_path: Path) -> None:
    train = Segment("train", 1, 0, 2_000_000_000)
    made = [
        trial(1, segments=(train, Segment("brew", 1, 2_000_000_000, 3_000_000_000))),
        trial(2, segments=(train,)),
    ]
    table = segments_table(read_run(made_run(tmp_path / "run", made)), "dawnbench")
    assert [[cell.text for cell in row] for row in table.rows] == [
        ["train", "yes", "2.000 s", "2.000 s", "2.000 s"],
        ["brew", "no", "1.500 s", "0.000 s", "3.000 s"],
    ]


def test_readings_log_and_spread_are_those_of_the_records(run: Run, tmp_path: Path) -> None:
    readings = readings_table(run)
    assert readings is not None
    assert [row[0].text for row in readings.rows][:2] == ["GPU power", "GPU utilization"]
    assert column(readings, "Peak")[-1] == "2.00 GB"
    assert column(epochs_table(run, 2), "ValCorrect") == [
        str(epoch.validation_correct) for epoch in run.epochs_of(2)
    ]
    spread = summary_table(summarise(trial_set_of(run)))
    assert column(spread, "n") == ["5"] * len(spread.rows)
    assert spread.rows[0][0].text == "dawnbench [s]"
    empty = summary_table(summarise(trial_set_of(read_run(make_run(tmp_path / "empty", (), ())))))
    assert empty.rows == []


def test_nested_settings_are_flat_and_what_is_unknown_is_left_out() -> None:
    settings = {
        "cpu": {"model": "EPYC", "flags": ["a", "b"], "governor": None},
        "memory_bytes": 64_000_000_000,
    }
    table = settings_table("Machine", settings | {"augmentation": [{"kind": "crop"}, {"kind": "flip"}]})
    assert [tuple(cell.text for cell in row) for row in table.rows] == [
        ("cpu.model", "EPYC"),
        ("cpu.flags", "a, b"),
        ("memory_bytes", "64.00 GB"),
        ("augmentation", "crop, flip"),
        ("augmentation.crop.kind", "crop"),
        ("augmentation.flip.kind", "flip"),
    ]


def test_the_large_figures_are_those_of_the_rule(tmp_path: Path) -> None:
    run = read_run(made_run(tmp_path / "run", trials(2.6, 5)))
    series = trial_set_of(run)
    first, second, third, fourth = tiles(summarise(series), series.target, "dawnbench")
    assert (first.label, first.figure[:3]) == ("Mean time to 94.00 %", "2.6")
    assert first.note.startswith("95 % interval of the mean 2.5")
    assert second.figure == "5 of 5"
    assert third.label == "Mean final accuracy"
    assert fourth.figure.endswith(" J")
    assert tiles(summarise(series), series.target, "strict")[0].label == "Mean time of a trial"


def test_a_time_without_an_upper_bound_says_so(tmp_path: Path) -> None:
    series = trial_set_of(read_run(made_run(tmp_path / "run", trials(2.6, 4, missed=3))))
    assert "with no upper bound" in tiles(summarise(series), series.target, "dawnbench")[0].note


def test_the_facts_name_the_commit_where_there_is_one(tmp_path: Path) -> None:
    environment = {"git": {"commit": "0123456789abcdef", "dirty": False}}
    run = read_run(made_run(tmp_path / "run", environment=environment, predicted_memory_bytes=3_000_000_000))
    found = dict(facts(run))
    assert found["Software"] == "dawnbench 0.1.0 at commit 0123456789ab"
    assert found["Memory predicted"] == "3.00 GB"
    assert found["Run"] == "run"
