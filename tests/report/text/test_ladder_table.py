from __future__ import annotations

import io
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from rich.console import Console

from dawnbench.errors import DawnbenchError
from dawnbench.records.published import PublishedFigure, read_published
from dawnbench.records.schema import DataRecord
from dawnbench.records.trial_set import TrialFigures, TrialSet
from dawnbench.report.text.ladder_table import ladder_report


def trial(number: int, seconds: float | None, **changes: Any) -> TrialFigures:
    """A trial of so many seconds by the dawnbench rule, and 1 s more by the other; None if it missed."""
    made = TrialFigures(
        trial=number,
        seed=number,
        status="finished",
        target=0.94,
        seconds={"dawnbench": seconds, "airbench": (seconds or 99.0) + 1},
        spent_seconds={"dawnbench": 99.0, "airbench": 99.0},
        epochs_to_target=None if seconds is None else 8,
        accuracy=0.945 + number / 10_000,
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


DIGITS = DataRecord("digits", "ef" * 32, 1_437, 360, (8, 8, 1), 10)
SYNTHETIC = DataRecord("synthetic", "ef" * 32, 50_000, 10_000, (32, 32, 3), 10)


@pytest.mark.parametrize(
    ("run", "why"),
    [
        (series(1.0, data=DIGITS), "it trained on digits and they are for CIFAR-10"),
        (series(1.0, data=SYNTHETIC), "it trained on synthetic and they are for CIFAR-10"),
        (series(20.0, target=0.9), "its target is 90.00 % and theirs 94.00 %"),
        (series(None, None), "2 of its 2 trials missed the target, so it has no time"),
        (series(None), "1 of its 1 trial missed the target, so it has no time"),
        (series(), "none of its trials has a time under the dawnbench rule"),
    ],
)
def test_anything_else_is_refused_in_a_sentence(run: TrialSet, why: str) -> None:
    with pytest.raises(DawnbenchError) as raised:
        drawn(run, figure(5.0))
    assert str(raised.value) == f"{run.name} has no place among the published times: {why}"


def test_one_reason_for_both_rules_is_given_once() -> None:
    figures = [figure(5.0), figure(5.0, rule="airbench")]
    with pytest.raises(DawnbenchError, match=r"times: its target is 90\.00 % and theirs 94\.00 %$"):
        drawn(series(20.0, target=0.9), *figures)
    with pytest.raises(DawnbenchError, match=r"no time; one trial cannot show that "):
        drawn(series(None), *figures)


@pytest.mark.parametrize("source", ["cifar10", "CIFAR-10", "data/cifar_10/", "cifar10.npz"])
def test_cifar10_may_be_spelled_in_any_way(source: str) -> None:
    data = DataRecord(source, "cd" * 32, 50_000, 10_000, (32, 32, 3), 10)
    assert [row[0] for row in rungs(drawn(series(1.0, data=data), figure(5.0)))] == [">", "1"]


def test_an_interrupted_trial_is_left_out_and_counted() -> None:
    interrupted = trial(2, None, status="interrupted", accuracy=None)
    text = drawn(series(trials=(trial(1, 20.0), interrupted)), figure(5.0))
    assert "1 trial was interrupted or failed before the target and left out" in flat(text)
    assert [row[1] for row in rungs(text) if row[0] == ">"] == ["20.000"]


@pytest.mark.parametrize(
    ("accuracies", "why"),
    [
        ((0.93, 0.94), "its mean accuracy of 93.50 % is below its target of 94.00 %"),
        (
            (0.94, 0.941),
            "its 2 trials with a mean accuracy of 94.05 % do not show that it is at least 94.00 %, "
            "and about 14 would",
        ),
        ((0.945,), "one trial cannot show that its mean accuracy is at least 94.00 %"),
    ],
)
def test_a_claim_that_does_not_hold_has_no_place_if_the_rule_asks_for_it(
    accuracies: Sequence[float], why: str
) -> None:
    low = series(trials=tuple(trial(i, 20.0, accuracy=one) for i, one in enumerate(accuracies)))
    text = drawn(low, figure(5.0), figure(5.0, rule="airbench"))
    assert len(rungs(text)) == 2
    assert f"reaches the target No place: {why}. A time is the mean" in flat(text)
    with pytest.raises(DawnbenchError, match=re.escape(why)):
        drawn(low, figure(5.0, rule="airbench"))


def test_a_trial_that_diverged_counts_as_0_in_the_claim() -> None:
    trials = [*(trial(i, 20.0) for i in range(5)), trial(5, None, status="diverged", accuracy=None)]
    text = drawn(series(trials=tuple(trials)), figure(5.0), figure(5.0, rule="airbench"))
    assert "No place: its mean accuracy of 78.77 % is below" in flat(text)


def test_below_the_ladder_stands_that_no_verdict_follows() -> None:
    assert flat(drawn(series(20.0))).endswith("Hardware differs, so no verdict follows.")


def test_the_ladder_of_all_published_figures_fits_eighty_columns_with_every_cell_whole() -> None:
    text = drawn(series(20.0, 25.0, 30.0))
    assert max(map(len, text.splitlines())) <= 80
    assert "…" not in text
    for whole in ("Apple: Custom Resnet 9", "4 x GTX 1080 Ti", "Jordan: airbench94_compiled", "run takes"):
        assert whole in text
    of_trainings = [figure for figure in read_published() if figure.rule != "inference"]
    assert len(rungs(text)) == len(of_trainings) + 2


def test_a_long_device_name_is_shortened_and_keeps_its_column() -> None:
    text = drawn(series(20.0, device_name="NVIDIA A100-SXM4-80GB and then some"))
    assert max(map(len, text.splitlines())) <= 80
    assert "A100-SXM4-80GB" in text


def test_a_pipe_gets_plain_text() -> None:
    assert "\x1b" not in drawn(series(20.0, None, 30.0))


def test_names_that_look_like_markup_or_steer_a_terminal_are_shown_as_they_are() -> None:
    odd = series(20.0, recipe_name="[red]mine[/]\x1b[2J", device_name="[bold]H200")
    text = drawn(odd, figure(5.0, team="[u]We[/u]"))
    assert "this run: [red]mine[/]?[2J" in text
    assert "[bold]H200" in text
    assert "[u]We[/u]: Net" in text
