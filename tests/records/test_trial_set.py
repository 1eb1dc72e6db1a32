from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from dawnbench.records.reader import read_run
from dawnbench.records.rules import RULES_BY_NAME
from dawnbench.records.schema import PairingRecord, Reading, Segment, TrialStatus
from dawnbench.records.trial_set import TrialFigures, figures_of, trial_set_of
from tests.records.examples import RUN, TRIAL
from tests.records.folders import line, make_run

TELEMETRY = TRIAL.telemetry


def test_a_trial_set_has_the_facts_of_its_run_folder(tmp_path: Path) -> None:
    pairing = PairingRecord("c0ffee", "B")
    second = replace(TRIAL, trial=2, seed=8)
    found = trial_set_of(read_run(make_run(tmp_path / "a-run", (TRIAL, second), pairing=pairing)))
    assert (found.name, found.created, found.dawnbench_version) == ("a-run", RUN.created, "0.1.0")
    assert (found.recipe_name, found.recipe, found.recipe_digest) == (
        "davidnet",
        RUN.recipe,
        RUN.recipe_digest,
    )
    assert (found.target, found.device, found.device_name, found.precision) == (
        0.94,
        "cpu",
        "AMD EPYC",
        "fp32",
    )
    assert (found.data, found.environment, found.pairing) == (RUN.data, RUN.environment, pairing)
    assert found.trials == (figures_of(TRIAL), figures_of(second))
    assert found.warnings == ()


def test_a_trial_set_has_its_folders_name_whatever_the_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(make_run(tmp_path / "a-run"))
    assert trial_set_of(read_run(Path())).name == "a-run"


def test_unreadable_parts_of_a_folder_are_kept_as_warnings(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "torn")
    with (folder / "trials.jsonl").open("a") as file:
        file.write(line(TRIAL)[:30])
    found = trial_set_of(read_run(folder))
    assert len(found.trials) == 1
    assert found.warnings == (
        "trials.jsonl: the last line is torn (the run was killed while writing it) and left out",
    )


def test_a_trials_results_are_those_of_its_record() -> None:
    found = figures_of(TRIAL)
    assert (found.trial, found.seed, found.status, found.target) == (1, 7, "finished", 0.94)
    assert (found.seconds, found.epochs_to_target, found.accuracy) == (TRIAL.seconds, 1, 0.95)
    assert (found.energy_joules, found.energy_to_target_joules) == (5.0, None)
    assert found.readings == {"cpu_power": Reading(10.5, 20.0, "W")}
    assert found.throttle_reasons == ("sw_power_cap",)


def test_without_telemetry_there_is_no_energy_and_no_reading() -> None:
    found = figures_of(replace(TRIAL, telemetry=None))
    assert (found.energy_joules, found.energy_to_target_joules) == (None, None)
    assert (found.readings, found.throttle_reasons) == ({}, ())


def test_what_a_trial_spent_is_counted_to_its_end_by_each_rule_it_reports() -> None:
    segments = (
        Segment("startup", None, -9, 5 * 10**9),
        Segment("train", 1, 0, 10**9),
        Segment("train", 2, 9, 10**9),
    )
    found = figures_of(replace(TRIAL, segments=segments, seconds={"cold": None, "dawnbench": None}))
    assert found.spent_seconds == {"cold": 7.0, "dawnbench": 2.0}


def test_without_the_start_of_the_process_the_time_spent_since_is_unknown() -> None:
    assert figures_of(TRIAL).spent_seconds == {"dawnbench": 2.0, "cold": None}


def test_a_rule_of_another_version_has_times_but_nothing_spent() -> None:
    found = figures_of(replace(TRIAL, seconds={"dawnbench": 2.0, "later": 3.0}))
    assert "later" not in RULES_BY_NAME
    assert found.seconds == {"dawnbench": 2.0, "later": 3.0}
    assert found.spent_seconds == {"dawnbench": 2.0}


def of(status: TrialStatus, epochs_to_target: int | None) -> TrialFigures:
    return replace(figures_of(TRIAL), status=status, epochs_to_target=epochs_to_target)


@pytest.mark.parametrize(
    ("status", "without", "reached"),
    [
        ("finished", True, True),
        ("diverged", True, True),
        ("interrupted", False, True),
        ("failed", False, True),
    ],
)
def test_a_trial_counts_if_it_ended_by_itself_or_had_reached_the_target(
    status: TrialStatus, without: bool, reached: bool
) -> None:
    assert of(status, None).counts == without
    assert not of(status, None).reached
    assert of(status, 3).counts == reached
    assert of(status, 3).reached


def test_the_trials_that_count_keep_their_order(tmp_path: Path) -> None:
    trials = (
        replace(TRIAL, trial=1, status="diverged", epochs_to_target=None),
        replace(TRIAL, trial=2, status="interrupted", epochs_to_target=None),
        replace(TRIAL, trial=3),
    )
    found = trial_set_of(read_run(make_run(tmp_path / "run", trials)))
    assert [trial.trial for trial in found.counting] == [1, 3]
