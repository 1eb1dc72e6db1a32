from __future__ import annotations

import math
import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dawnbench.errors import DawnbenchError
from dawnbench.export.trackers.metrics import (
    LONGEST_NAME,
    LONGEST_TEXT,
    epoch_point,
    leaf,
    name,
    run_facts,
    text,
    trial_facts,
    trial_outcome,
)
from dawnbench.records.schema import Reading, TelemetrySummary
from tests.cli.made_runs import HOSTILE, steers
from tests.records.examples import RUN, TRIAL, epoch
from tests.records.inference_runs import inference_pass, settings


def test_an_epoch_gives_fractions_and_leaves_out_what_is_no_figure() -> None:
    point = epoch_point(epoch(train_loss=math.nan, validation_loss=None), 12.5)
    assert (point.step, point.at) == (1, 12.5)
    assert point.figures == {
        "train/accuracy": 0.6,
        "train/seconds": 1.5,
        "validation/accuracy": 0.6,
        "validation/seconds": 0.5,
        "learning_rate": 0.1,
    }


def test_a_trial_gives_every_rule_and_every_sensor_with_its_unit() -> None:
    telemetry = TelemetrySummary(3, {"gpu_utilization": Reading(50, 97, "%")}, ("a", "b"), 5.0, None, "nvml")
    outcome = trial_outcome(replace(TRIAL, telemetry=telemetry, reason="why", accuracy=None), 99.0)
    assert outcome.result.step == TRIAL.trial
    assert outcome.result.figures == {
        "result/seconds_dawnbench": 2.0,
        "result/best_accuracy": 0.95,
        "result/epochs_to_target": 1,
        "result/wall_seconds": 2.5,
        "result/device_seconds": 2.5,
        "result/energy_joules": 5.0,
        "telemetry_mean/gpu_utilization_percent": 50,
        "telemetry_peak/gpu_utilization_percent": 97,
    }
    assert outcome.tags == {
        "reason": "why",
        "throttle_reasons": "a, b",
        "warnings": "the host's clock says nothing",
    }


def test_a_trial_without_telemetry_or_notes_has_no_tags() -> None:
    assert trial_outcome(replace(TRIAL, telemetry=None, warnings=()), 0).tags == {}


def test_a_run_is_its_folder_its_recipe_and_its_machine() -> None:
    facts = run_facts(RUN, "20260203T040506Z-davidnet-0a1b2c")
    assert facts.began == 1770091506
    assert facts.project == "davidnet"
    assert facts.parameters == {"name": "davidnet", "schedule.rates": "[0, 0.4, 0]", "average": "null"}
    assert facts.tags["device_name"] == "AMD EPYC"
    assert facts.tags["data_fingerprint"] == "cd" * 32
    assert facts.tags["dawnbench_version"] == "0.1.0"
    assert re.fullmatch("[0-9a-f]{16}", facts.key)
    assert facts.key != run_facts(RUN, "20260203T040506Z-davidnet-0a1b2d").key


def test_a_time_that_is_none_is_told_in_a_sentence() -> None:
    with pytest.raises(DawnbenchError, match="`created` is 'yester\\?day' and no time"):
        run_facts(replace(RUN, created="yester\nday"), "x")


def test_names_of_trials_sort_as_their_numbers() -> None:
    names = [trial_facts(number, 0, 0.0, of=120).name for number in (1, 9, 10, 100)]
    assert names == sorted(names) == ["trial-001", "trial-009", "trial-010", "trial-100"]


@given(st.text())
def test_any_key_becomes_a_name_that_every_tracker_takes(key: str) -> None:
    assert re.fullmatch(rf"[\w.\-/]{{1,{LONGEST_NAME}}}", name(key), re.ASCII)


@pytest.mark.parametrize(("key", "kept"), [("/a//b/", "a//b"), ("..", "unnamed"), ("gpu power", "gpu_power")])
def test_a_name_is_no_way_out_of_a_folder(key: str, kept: str) -> None:
    assert name(key) == kept


@given(st.text())
def test_any_text_becomes_one_line_that_steers_no_terminal(value: str) -> None:
    assert not steers(text(value))
    assert len(text(value)) <= LONGEST_TEXT


@given(st.one_of(st.none(), st.floats(), st.integers(), st.booleans(), st.text(), st.lists(st.floats())))
def test_any_leaf_becomes_a_finite_number_or_a_text(value: object) -> None:
    kept = leaf(value)
    assert isinstance(kept, str | bool | int | float)
    assert not isinstance(kept, float) or math.isfinite(kept)
    if isinstance(value, bool | int):
        assert kept is value


def test_hostile_names_are_only_names() -> None:
    facts = run_facts(replace(RUN, recipe_name=HOSTILE, device_name=HOSTILE, recipe={HOSTILE: HOSTILE}), "x")
    assert not any(
        steers(part) for part in (facts.project, *facts.tags.values(), *map(str, facts.parameters.values()))
    )
    assert re.fullmatch(r"[\w.-]+", facts.project)


def test_a_pass_gives_its_latencies_and_throughput_and_the_run_says_what_ran_the_model() -> None:
    figures = trial_outcome(inference_pass(latency=0.002), 99.0).result.figures
    assert figures["result/latency_seconds"] == 0.002
    assert figures["result/latency_p99_seconds"] == pytest.approx(0.0038)
    assert figures["result/images_per_second_batch_64"] == pytest.approx(4500)
    assert figures["result/energy_per_image_joules"] == 0.04
    assert "result/epochs_to_target" not in figures
    tags = run_facts(replace(RUN, kind="inference", inference=settings("onnx")), "a").tags
    assert (tags["kind"], tags["runtime"], tags["model_digest"]) == ("inference", "onnx", "ef" * 32)
    assert "kind" not in run_facts(RUN, "a").tags
