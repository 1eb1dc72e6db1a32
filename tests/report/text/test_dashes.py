"""Every dash in a table of trials has its own reason, and the true one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dawnbench.records.reader import Run
from dawnbench.records.schema import PairingRecord, TelemetrySummary, TrialRecord
from dawnbench.records.trial_set import trial_set_of
from dawnbench.report.text.dashes import ENERGY, dash_notes, rules_shown, untimed_sentences
from tests.cli.made_runs import trial
from tests.records.examples import RUN

UNKNOWN = "the energy is unknown: the counter went backwards, from 2.0 J to 1.0 J"


def run(*trials: TrialRecord, **changes: Any) -> Run:
    return Run(Path("/runs/a"), replace(RUN, **changes), trials, (), ())


def untimed(number: int = 1) -> TrialRecord:
    """A trial that reached the target in a process whose start says nothing."""
    made = trial(number)
    return replace(made, seconds=made.seconds | {"cold": None})


def notes(shown: Run) -> list[str]:
    return dash_notes(shown, rules_shown(shown))


def test_figures_without_a_gap_need_no_word() -> None:
    assert notes(run(trial(1), trial(2))) == []
    assert list(untimed_sentences(trial_set_of(run(trial(1))))) == []


def test_a_missed_target_is_one_reason_for_all_rules_that_stop_there() -> None:
    assert notes(run(trial(1), trial(2, epochs=None), trial(3, epochs=None))) == [
        "A dash under dawnbench and cold of trials 2 and 3: the target was not reached."
    ]


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({}, "the process was not started for this run alone"),
        ({"pairing": PairingRecord("abc", "A")}, "both sides of an A/B campaign share a process"),
        (
            {"notes": ("startup was not timed, so the cold rule gives no time: only Linux records it",)},
            "startup was not timed (only Linux records it)",
        ),
    ],
)
def test_a_reached_target_without_a_cold_time_is_put_down_to_the_process(
    changes: dict[str, Any], why: str
) -> None:
    shown = run(untimed(1), untimed(2), **changes)
    (note,) = notes(shown)
    assert note.startswith(f"A dash under cold: {why}")
    (sentence,) = untimed_sentences(trial_set_of(shown))
    assert sentence.startswith(f"No time under cold: {why}")


def test_trials_of_one_run_may_lack_a_time_for_different_reasons() -> None:
    diverged = trial(3, epochs=None, status="diverged")
    found = notes(run(untimed(1), trial(2, epochs=None), diverged))
    assert [note.partition(",")[0] for note in found] == [
        "A dash under cold of trial 1: the process was not started for this run alone",
        "A dash under dawnbench and cold of trial 2: the target was not reached.",
        "A dash under dawnbench and cold of trial 3: the trial diverged before it reached the target.",
        "A dash under airbench and strict of trial 3: the trial diverged before its end.",
    ]


def test_many_trials_are_counted_and_not_listed() -> None:
    shown = run(*(trial(number, epochs=None if number > 2 else 1) for number in range(1, 11)))
    assert notes(shown) == ["A dash under dawnbench and cold of 8 of 10 trials: the target was not reached."]


def test_a_rule_of_another_version_is_said_to_be_one() -> None:
    old = trial(1)
    old = replace(old, seconds={"dawnbench": 1.0})
    new = replace(trial(2), seconds={"dawnbench": 1.0, "tropical": None})
    assert notes(run(old, new)) == [
        "A dash under tropical of trial 1: another version of dawnbench recorded it, without this rule.",
        "A dash under tropical of trial 2: this version of dawnbench does not know the rule.",
    ]


def energy(**changes: Any) -> TelemetrySummary:
    return replace(TelemetrySummary(10, {}, (), None, None, None), **changes)


@pytest.mark.parametrize(
    ("made", "changes", "why"),
    [
        (trial(telemetry=None), {}, "the trial has no telemetry"),
        (trial(epochs=None), {}, "the target was not reached"),
        (trial(telemetry=energy(), warnings=(UNKNOWN,)), {}, UNKNOWN),
        (trial(telemetry=energy()), {"telemetry_unavailable": {"cpu_energy": "no counter"}}, "no counter"),
        (
            trial(telemetry=energy()),
            {"device": "cuda", "telemetry_unavailable": {"cpu_energy": "no RAPL", "gpu_energy": "no NVML"}},
            "no NVML",
        ),
    ],
)
def test_missing_energy_is_put_down_to_its_counter(
    made: TrialRecord, changes: dict[str, Any], why: str
) -> None:
    assert dash_notes(run(made, **changes), [ENERGY]) == [f"A dash under {ENERGY}: {why}."]
