from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings

from dawnbench.records.trial_set import TrialFigures, TrialSet
from dawnbench.stats.regression.judge import DEFAULT_METRICS, METRICS, Criteria, judge, left_out, obstacles
from tests.stats.trial_sets import RECIPE, any_trials, interrupted, series, timed, trial

pytestmark = pytest.mark.filterwarnings("error")

SECONDS = np.random.default_rng(0).normal(20, 0.2, 10).tolist()
BASELINE = timed(*SECONDS, name="v1")


def other_recipe(run: TrialSet) -> TrialSet:
    return replace(run, recipe=RECIPE | {"epochs": 8}, recipe_digest="ef" * 32)


def other_data(run: TrialSet) -> TrialSet:
    return replace(run, data=replace(run.data, fingerprint="01" * 32))


def other_target(run: TrialSet) -> TrialSet:
    return replace(run, target=0.93)


def test_each_metric_is_judged_separately() -> None:
    found = judge(timed(*SECONDS), BASELINE)
    assert [gate.metric for gate in found.gates] == ["time", "epochs", "accuracy"] == list(DEFAULT_METRICS)
    assert (found.outcome, found.baseline, found.notes) == ("holds", "v1", ())
    slower = judge(timed(*[1.1 * s for s in SECONDS]), BASELINE)
    assert [gate.outcome for gate in slower.gates] == ["regression", "holds", "holds"]


def test_warnings_about_the_run_are_noted_and_do_not_affect_the_verdict() -> None:
    found = judge(timed(*SECONDS[:-1], 60.0, name="mine"), BASELINE)
    assert found.outcome == "holds"
    assert any(note.startswith("mine: trial 10 took 60 s, the median is ") for note in found.notes)


def test_only_the_metrics_that_were_asked_for_are_judged_in_that_order() -> None:
    found = judge(timed(*SECONDS), BASELINE, Criteria(metrics=("energy", "time")))
    assert [(gate.metric, gate.outcome) for gate in found.gates] == [
        ("energy", "not comparable"),
        ("time", "holds"),
    ]
    assert set(METRICS) == {"time", "epochs", "accuracy", "energy"}


def test_the_margins_are_those_that_were_given() -> None:
    slower = timed(*[1.1 * s for s in SECONDS])
    assert judge(slower, BASELINE, Criteria(max_slowdown=0.15)).outcome == "holds"
    worse = series([replace(one, accuracy=0.940 + i / 1e4) for i, one in enumerate(BASELINE.trials)])
    assert judge(worse, BASELINE, Criteria(metrics=("accuracy",))).outcome == "regression"
    assert judge(worse, BASELINE, Criteria(metrics=("accuracy",), max_accuracy_drop=0.01)).outcome == "holds"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (other_recipe, "the recipes differ: epochs 8 and 10"),
        (other_data, "the data differ: run has fingerprint 0101010101010101"),
        (other_target, "the targets differ: 93 % and 94 %"),
    ],
)
def test_an_incomparable_baseline_is_reported_with_what_differs(
    change: Callable[[TrialSet], TrialSet], words: str
) -> None:
    run = change(timed(*SECONDS, name="run"))
    found = judge(run, BASELINE)
    assert (found.outcome, found.gates) == ("not comparable", ())
    assert found.notes[0].startswith(words)
    assert found.line.startswith(f"regress: not comparable ({words}")
    across = judge(run, BASELINE, Criteria(across=True))
    assert across.outcome == "holds"
    assert across.notes[0].startswith(words)


def test_on_another_device_only_time_and_energy_cannot_be_compared() -> None:
    run = timed(*SECONDS, device_name="NVIDIA A100")
    found = judge(run, BASELINE)
    assert [gate.outcome for gate in found.gates] == ["not comparable", "holds", "holds"]
    assert found.outcome == "not comparable"
    assert found.notes == ("the devices differ: NVIDIA A100 and NVIDIA H200",)
    assert judge(run, BASELINE, Criteria(metrics=("epochs", "accuracy"))).outcome == "holds"
    assert judge(run, BASELINE, Criteria(across=True)).outcome == "holds"


def test_another_driver_is_noted_and_judged() -> None:
    run = timed(
        *SECONDS, environment=BASELINE.environment | {"gpu": {"driver": "570", "power_limit_watts": 700.0}}
    )
    found = judge(run, BASELINE)
    assert (found.outcome, found.notes) == ("holds", ("the drivers differ: 570 and 580.10",))


def test_a_missing_rule_only_affects_the_time() -> None:
    found = judge(timed(*SECONDS, name="run"), BASELINE, Criteria(rule="strict"))
    assert [gate.outcome for gate in found.gates] == ["not comparable", "holds", "holds"]
    assert found.gates[0].sentence == "run does not report the rule strict; it has dawnbench"


def test_what_rules_out_a_verdict_is_known_before_the_first_trial() -> None:
    begun = replace(timed(name="run"), trials=())
    assert obstacles(begun, 3, BASELINE, Criteria()) == ()
    assert obstacles(replace(begun, target=0.5), 3, BASELINE, Criteria()) == (
        "the targets differ: 50 % and 94 %",
    )
    assert obstacles(replace(begun, target=0.5), 3, BASELINE, Criteria(across=True)) == ()
    (why,) = obstacles(begun, 3, BASELINE, Criteria(rule="strict"))
    assert why == "time not comparable: v1 does not report the rule strict; it has dawnbench"
    other = replace(begun, device_name="Other")
    assert [why.split(":")[0] for why in obstacles(other, 3, BASELINE, Criteria())] == ["time not comparable"]
    few = obstacles(begun, 1, BASELINE, Criteria())
    assert [why.split(":")[0] for why in few] == ["time too few trials", "accuracy too few trials"]


def test_a_run_without_trials_is_not_comparable_rather_than_an_error() -> None:
    found = judge(series([]), BASELINE)
    assert found.outcome == "not comparable"
    assert [gate.outcome for gate in found.gates] == ["not comparable", "too few trials", "too few trials"]
    assert judge(BASELINE, series([])).outcome == "not comparable"


def test_one_trial_is_too_few() -> None:
    found = judge(timed(20.0), BASELINE)
    assert {gate.outcome for gate in found.gates} == {"too few trials"}
    assert found.outcome == "too few trials"
    assert not [note for note in found.notes if "may give a verdict" in note]


def test_too_few_trials_need_so_many_by_a_command() -> None:
    run = timed(20.0, name="mine", command=("dawnbench", "run", "davidnet", "--trials", "1"))
    note = "3 trials of mine may give a verdict: dawnbench run davidnet --trials 3"
    assert note in judge(run, BASELINE).notes


def test_trials_left_out_are_noted_for_run_and_baseline() -> None:
    run = series([*timed(*SECONDS).trials, interrupted()], name="run")
    baseline = series([*BASELINE.trials, interrupted(), interrupted(status="failed")], name="v1")
    found = judge(run, baseline)
    assert found.outcome == "holds"
    assert found.notes == (
        "run: 1 trial was interrupted or failed before the target and left out",
        "v1: 2 trials were interrupted or failed before the target and left out",
    )
    assert left_out(BASELINE) == ()


def test_unreadable_parts_of_the_run_are_noted() -> None:
    found = judge(timed(*SECONDS, name="run", warnings=("trials.jsonl: the last line is torn",)), BASELINE)
    assert found.notes == ("run: trials.jsonl: the last line is torn",)


def test_missing_the_target_does_not_make_a_run_faster() -> None:
    found = judge(timed(*SECONDS[:4], *[None] * 6), BASELINE)
    outcomes = {gate.metric: gate.outcome for gate in found.gates}
    assert (outcomes["time"], found.outcome) == ("regression", "regression")


@settings(max_examples=25, deadline=None)
@given(any_trials, any_trials, any_trials)
def test_more_trials_never_turn_a_judgement_into_an_error(
    run: list[TrialFigures], baseline: list[TrialFigures], more: list[TrialFigures]
) -> None:
    for trials in (run, [*run, *more]):
        found = judge(series(trials), series(baseline), Criteria(metrics=METRICS))
        assert found.line.startswith(f"regress: {found.outcome} (time ")
    energetic = [
        replace(one, energy_joules=5.0, energy_to_target_joules=4.0 if one.reached else None) for one in run
    ]
    judge(series(energetic), series([trial(energy_to_target_joules=4.0)] * 5), Criteria(metrics=METRICS))
