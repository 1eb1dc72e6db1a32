from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

import pytest
from rich.console import Console

from dawnbench.records.published import PublishedFigure, read_published
from dawnbench.records.schema import DataRecord
from dawnbench.records.trial_set import TrialFigures, TrialSet
from dawnbench.report.text.ladder_table import ladder_report


def trial(number: int, seconds: float | None, **changes: Any) -> TrialFigures:
    """A trial of so many seconds by the dawnbench rule, and 1 s more by the other; None where it missed."""
    made = TrialFigures(
        trial=number,
        seed=number,
        status="finished",
        target=0.94,
        seconds={"dawnbench": seconds, "airbench": (seconds or 99.0) + 1},
        spent_seconds={"dawnbench": 99.0, "airbench": 99.0},
        epochs_to_target=None if seconds is None else 8,
        accuracy=0.945,
        energy_joules=None,
        energy_to_target_joules=None,
    )
    return replace(made, **changes)


def series(*seconds: float | None, **changes: Any) -> TrialSet:
    made = TrialSet(
        name="20260203T040506Z-davidnet-abcdef",
        created="2026-02-03T04:05:06+00:00",
        dawnbench_version="0.1.0",
        recipe_name="davidnet",
        recipe={},
        recipe_digest="ab",
        target=0.94,
        device="cuda",
        device_name="NVIDIA H200",
        precision="bf16",
        data=DataRecord("my/cifar10.npz", "cd" * 32, 50_000, 10_000, (32, 32, 3), 10),
        environment={},
        trials=tuple(trial(number, time) for number, time in enumerate(seconds, start=1)),
    )
    return replace(made, **changes)


def figure(seconds: float, **changes: Any) -> PublishedFigure:
    made = PublishedFigure(
        system="Net",
        team="Team",
        author="Somebody",
        device="V100",
        devices=1,
        hardware="a machine",
        dataset="CIFAR-10",
        seconds=seconds,
        rule="dawnbench",
        target=0.94,
        accuracy=0.941,
        trials=1,
        published=None,
        dollars_per_hour=None,
        source="https://example.org",
        source_says="so",
        note=None,
    )
    return replace(made, **changes)


def drawn(run: TrialSet, *figures: PublishedFigure, width: int = 80, colours: bool = False) -> str:
    file = io.StringIO()
    console = Console(file=file, width=width, force_terminal=colours, color_system=None)
    console.print(ladder_report(run, figures or read_published()), highlight=False)
    return file.getvalue()


def rungs(text: str) -> list[list[str]]:
    """The table rows' words, the place first."""
    rows = [line.split() for line in text.splitlines()]
    return [row for row in rows if len(row) > 3 and (row[0] == ">" or row[0].isdigit())]


def flat(text: str) -> str:
    """The text as if it had not been broken into lines."""
    return " ".join(text.split())


def test_the_runs_mean_stands_between_the_faster_and_the_slower() -> None:
    text = drawn(series(10.0, 32.0, 18.0), figure(40.0), figure(5.0), figure(19.0))
    assert [(row[0], row[1]) for row in rungs(text)] == [
        ("1", "5.000"),
        ("2", "19.000"),
        (">", "20.000"),
        ("3", "40.000"),
    ]


def test_each_rung_says_how_many_times_as_long_the_run_takes() -> None:
    text = drawn(series(20.0), figure(40.0), figure(5.0))
    assert [row[-1] for row in rungs(text) if row[0] != ">"] == ["4.00x", "0.500x"]


def test_the_run_has_a_rung_of_its_own_time_under_each_rule() -> None:
    text = drawn(series(20.0, 20.0), figure(5.0), figure(50.0, rule="airbench"))
    own = [row[1] for row in rungs(text) if row[0] == ">"]
    assert own == ["20.000", "21.000"]
    assert text.index("dawnbench:") < text.index("airbench:")


def test_a_rule_that_no_figure_is_by_has_no_ladder() -> None:
    assert "airbench" not in drawn(series(20.0), figure(5.0))


@pytest.mark.parametrize(("seconds", "place"), [(1.0, 0), (100.0, 2)])
def test_the_fastest_and_the_slowest_run_stand_at_the_ends(seconds: float, place: int) -> None:
    text = drawn(series(seconds), figure(5.0), figure(50.0))
    assert [row[0] for row in rungs(text)].index(">") == place


def test_trials_that_missed_the_target_are_counted_in_the_mean() -> None:
    text = drawn(series(10.0, 20.0, 30.0, None), figure(5.0))
    assert "1 of 4 trials missed the target, and the time they took is included" in text
    (own,) = (float(row[1]) for row in rungs(text) if row[0] == ">")
    assert own > 20


def test_a_run_that_never_reached_the_target_stands_last_without_a_time() -> None:
    text = drawn(series(None, None), figure(5.0))
    assert "2 of 2 trials missed the target, so there is no time" in flat(text)
    assert rungs(text)[-1][:2] == [">", "-"]
    assert rungs(text)[0][-1] == "-"


def test_a_run_without_any_trial_is_drawn_and_says_so() -> None:
    text = drawn(series(), figure(5.0))
    assert "no trial of this run has a time under this rule" in text
    assert rungs(text)[-1][:2] == [">", "-"]


def test_an_interrupted_trial_is_left_out_and_counted() -> None:
    interrupted = trial(2, None, status="interrupted", accuracy=None)
    text = drawn(series(trials=(trial(1, 20.0), interrupted)), figure(5.0))
    assert "1 trial was interrupted or failed before the target and left out" in flat(text)
    assert [row[1] for row in rungs(text) if row[0] == ">"] == ["20.000"]


def test_a_mean_accuracy_below_the_target_is_said_where_the_claim_is_about_it() -> None:
    low = series(trials=(trial(1, 20.0, accuracy=0.93), trial(2, 20.0, accuracy=0.94)))
    words = "mean accuracy of 93.50 % is below its target of 94.00 %"
    assert words in drawn(low, figure(5.0, rule="airbench"))
    assert words not in drawn(low, figure(5.0))
    assert "is below" not in drawn(series(20.0), figure(5.0, rule="airbench"))


def test_below_the_ladder_stands_that_no_verdict_follows() -> None:
    said = "Hardware and data differ (my/cifar10.npz here, CIFAR-10 there): no verdict follows."
    assert flat(drawn(series(20.0))).endswith(said)


def test_a_run_to_another_target_gets_no_place() -> None:
    text = drawn(series(20.0, target=0.9))
    assert "No place: the run's target is 90.00 % and that of the published times 94.00 %." in flat(text)
    assert rungs(text) == []
    assert "No place" not in drawn(series(20.0))


def test_the_ladder_of_all_published_figures_fits_eighty_columns_with_every_cell_whole() -> None:
    text = drawn(series(20.0, None, 30.0))
    assert max(map(len, text.splitlines())) <= 80
    assert "…" not in text
    for whole in ("Apple: Custom Resnet 9", "4 x GTX 1080 Ti", "Jordan: airbench94_compiled", "run takes"):
        assert whole in text
    assert len(rungs(text)) == len(read_published()) + 2


def test_a_long_device_name_is_shortened_and_keeps_its_column() -> None:
    text = drawn(series(20.0, device_name="NVIDIA A100-SXM4-80GB and then some"))
    assert max(map(len, text.splitlines())) <= 80
    assert "A100-SXM4-80GB" in text


def test_a_pipe_gets_plain_text() -> None:
    assert "\x1b" not in drawn(series(20.0, None))


def test_names_that_look_like_markup_or_steer_a_terminal_are_shown_as_they_are() -> None:
    odd = series(20.0, recipe_name="[red]mine[/]\x1b[2J", device_name="[bold]H200")
    text = drawn(odd, figure(5.0, team="[u]We[/u]"))
    assert "this run: [red]mine[/]?[2J" in text
    assert "[bold]H200" in text
    assert "[u]We[/u]: Net" in text
