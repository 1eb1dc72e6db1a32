"""Run folders as a real run leaves them, made in a moment, and the command run on them in this process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from dawnbench.cli import main
from dawnbench.records.reader import read_run
from dawnbench.records.schema import Reading, Segment, TelemetrySummary, TrialRecord
from dawnbench.records.trial_set import TrialSet, trial_set_of
from tests.records.examples import TRIAL
from tests.records.folders import make_run

HOSTILE = "\x1b[31m<script>\n# [red]x[/red] \u202e\x9b|`"
SPREAD = (0.2, -0.4, 0.1, 0.5, -0.3, 0.0, 0.4, -0.1, 0.3, -0.2)
"""Percent that one trial after the other lies off the mean."""
EPOCHS = (10, 9, 10, 11, 10, 10, 9, 10, 11, 10)


def trial(
    number: int = 1,
    seconds: float = 2.6,
    *,
    epochs: int | None = 10,
    accuracy: float = 0.9405,
    joules: float | None = 700.0,
    readings: dict[str, Reading] | None = None,
    throttled: Sequence[str] = (),
    **changes: Any,
) -> TrialRecord:
    """A trial that trained for so many seconds; without `epochs` it missed the target."""
    status = changes.get("status", "finished")
    ended = status == "finished"
    to_target = None if joules is None or epochs is None else 0.9 * joules
    segments = (
        Segment("startup", None, -9_000_000_000, 4_000_000_000),
        Segment("train", 1, 0, round(seconds * 1e9)),
        *[Segment("final_evaluate", 1, round(seconds * 1e9), 100_000_000)] * ended,
    )
    made = replace(
        TRIAL,
        trial=number,
        seed=number - 1,
        segments=segments,
        seconds={
            "dawnbench": None if epochs is None else seconds,
            "airbench": seconds + 0.1 if ended else None,
            "strict": seconds + 0.1 if ended else None,
            "cold": None if epochs is None else seconds + 4,
        },
        epochs_to_target=epochs,
        accuracy=accuracy if ended else None,
        best_accuracy=accuracy,
        telemetry=TelemetrySummary(10, readings or {}, tuple(throttled), joules, to_target, "nvml"),
        warnings=(),
    )
    return replace(made, **changes)


def trials(mean: float = 2.6, count: int = 10, *, missed: int = 0, **changes: Any) -> list[TrialRecord]:
    """So many trials around a mean time, of which the last few missed the target."""
    made = []
    for i in range(count):
        seconds = mean * (1 + SPREAD[i % 10] / 100 + (i // 10) / 10_000)
        # Neither times, accuracies nor joules rise or fall from the first trial to the last.
        accuracy = 0.9405 + SPREAD[(i + 3) % 10] / 1000
        figures: dict[str, Any] = {"epochs": EPOCHS[i % 10], "accuracy": accuracy}
        if changes.get("joules", 700.0) is not None:
            figures["joules"] = 700 + SPREAD[(i + 5) % 10]
        if i >= count - missed:
            figures |= {"epochs": None, "accuracy": 0.937}
        made.append(trial(i + 1, seconds, **{**figures, **changes}))
    return made


def made_run(folder: Path, recorded: Sequence[TrialRecord] | None = None, **changes: Any) -> Path:
    """Write a run folder of davidnet on a GPU; `changes` are of its run.json."""
    usual = {"device_name": "NVIDIA H200", "device": "cuda", "precision": "bf16"}
    return make_run(folder, trials() if recorded is None else recorded, (), **{**usual, **changes})


def make_trial_set(folder: Path, recorded: Sequence[TrialRecord] | None = None, **changes: Any) -> TrialSet:
    return trial_set_of(read_run(made_run(folder, recorded, **changes)))


def invoke(*arguments: object, **options: Any) -> tuple[int, str, str]:
    """Return the exit status, standard output and standard error; an exception is a failed test."""
    result = CliRunner().invoke(main, [str(argument) for argument in arguments], **options)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert not steers(result.output)
    return result.exit_code, result.stdout, result.stderr


def steers(text: str) -> bool:
    """Return whether a terminal would do anything else with a text than show it."""
    return not all(character.isprintable() or character == "\n" for character in text)


def row(text: str, label: str) -> list[str]:
    """Return the words of the one line that begins so, without the label."""
    (line,) = (line for line in text.splitlines() if line.startswith(label))
    return line.removeprefix(label).split()


def words(text: str) -> str:
    """Return a text without its line breaks, wherever the width of the terminal put them."""
    return " ".join(text.split())
