from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from dawnbench.records.trial_set import TrialSet
from dawnbench.stats.comparison.comparable import differences, missing_rule, recipe_differences
from tests.stats.trial_sets import RECIPE, series, timed, trial

RUN = timed(20.0, name="one")
CROP, FLIP = {"kind": "crop", "padding": 4}, {"kind": "flip"}


def another(**changes: Any) -> TrialSet:
    return replace(RUN, **{"name": "other", **changes})


def with_recipe(**changes: Any) -> TrialSet:
    return another(recipe=RECIPE | changes, recipe_digest="ef" * 32)


def test_two_runs_of_one_recipe_on_one_machine_do_not_differ() -> None:
    found = differences(RUN, another(trials=(), created="2027-01-01T00:00:00+00:00"))
    assert (found.refusals, found.cautions) == ((), ())


def test_different_data_are_named_by_their_fingerprints() -> None:
    data = replace(RUN.data, fingerprint="0123456789abcdef" * 4, source="my/cifar.npz")
    found = differences(RUN, another(data=data))
    assert found.refusals == (
        "the data differ: one has fingerprint cdcdcdcdcdcdcdcd (cifar10), "
        "other has 0123456789abcdef (my/cifar.npz)",
    )


def test_the_same_pixels_under_another_name_are_the_same_data() -> None:
    data = replace(RUN.data, source="my/cifar.npz")
    recipe = RECIPE | {"dataset": {"name": "my/cifar.npz", "image_size": 32}}
    assert differences(RUN, another(data=data, recipe=recipe, recipe_digest="ef")).refusals == ()


def test_different_targets_are_named() -> None:
    recipe = RECIPE | {"target": 0.93}
    found = differences(RUN, another(target=0.93, recipe=recipe, recipe_digest="ef"))
    assert found.refusals == ("the targets differ: 94 % and 93 %",)


# --- recipes ---


def test_recipe_differences_are_named_by_setting() -> None:
    other = with_recipe(optimizer={"kind": "nesterov-sgd", "momentum": 0.85}, epochs=8)
    assert differences(RUN, other).refusals == (
        "the recipes differ: epochs 10 and 8; optimizer.momentum 0.9 and 0.85",
    )


def test_name_summary_and_number_of_trials_do_not_matter() -> None:
    other = with_recipe(name="mine", summary="Mine", trials=40)
    assert differences(RUN, replace(other, recipe_name="mine")).refusals == ()


def test_recipes_with_the_same_digest_do_not_differ() -> None:
    assert differences(RUN, another(recipe=RECIPE | {"later": "field"})).refusals == ()


def test_a_leaf_that_one_recipe_lacks_is_absent() -> None:
    found = recipe_differences(RUN, with_recipe(label_smoothing=0.2))
    assert found == ("label_smoothing (absent) and 0.2",)


def test_the_first_six_of_many_differences_are_named() -> None:
    found = recipe_differences(RUN, with_recipe(**{f"leaf{i}": i for i in range(9)}))
    assert len(found) == 7
    assert found[5:] == ("leaf5 (absent) and 5", "3 more")


@pytest.mark.parametrize(
    ("augmentation", "named"),
    [
        ([{"kind": "crop", "padding": 2}, FLIP], "augmentation.crop.padding 4 and 2"),
        ([FLIP, CROP], 'augmentation ["crop", "flip"] and ["flip", "crop"]'),
        ([CROP], 'augmentation ["crop", "flip"] and ["crop"]'),
        ([], 'augmentation ["crop", "flip"] and []'),
        ([CROP, FLIP, FLIP], 'augmentation ["crop", "flip"] and ["crop", "flip", "flip2"]'),
    ],
)
def test_parts_are_distinguished_by_kind_order_and_number(augmentation: list[Any], named: str) -> None:
    assert recipe_differences(RUN, with_recipe(augmentation=augmentation))[0] == named


def test_two_parts_of_the_same_kind_are_both_compared() -> None:
    one, two = (with_recipe(augmentation=[{"kind": "crop", "padding": first}, CROP]) for first in (2, 3))
    assert recipe_differences(one, replace(two, recipe_digest="other")) == (
        "augmentation.crop.padding 2 and 3",
    )


# --- cautions ---


def environment(**changes: Any) -> dict[str, Any]:
    return RUN.environment | changes


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"device_name": "NVIDIA A100"}, "the devices differ: NVIDIA H200 and NVIDIA A100"),
        ({"precision": "fp32"}, "the precisions differ: bf16 and fp32"),
        (
            {"environment": environment(gpu={"driver": "570.86", "power_limit_watts": 700.0})},
            "the drivers differ: 580.10 and 570.86",
        ),
        (
            {"environment": environment(gpu={"driver": "580.10", "power_limit_watts": 500.0})},
            "the GPUs' power limits in W differ: 700.0 and 500.0",
        ),
        (
            {"environment": environment(cpu={"model": "Intel Xeon", "logical_cores": 16})},
            "the processors differ: AMD EPYC and Intel Xeon",
        ),
        (
            {"environment": environment(cpu={"model": "AMD EPYC", "logical_cores": 4})},
            "the core counts differ: 16 and 4",
        ),
        (
            {"environment": environment(packages={"torch": "2.12"})},
            "the torch versions differ: 2.11 and 2.12",
        ),
        (
            {"environment": environment(packages=None)},
            "the torch versions differ: 2.11 and unknown",
        ),
    ],
)
def test_different_machines_cause_a_warning_but_no_refusal(changes: dict[str, Any], words: str) -> None:
    found = differences(RUN, another(**changes))
    assert found.refusals == ()
    assert found.cautions == (words,)


def test_a_missing_environment_is_not_an_error() -> None:
    assert len(differences(RUN, another(environment={})).cautions) == 5


# --- threads ---


def on_threads(threads: int | None, **changes: Any) -> TrialSet:
    cpu = {"model": "AMD EPYC", "logical_cores": 16, "threads": threads}
    usual = {"device": "cpu", "device_name": "AMD EPYC", "environment": environment(cpu=cpu)}
    return another(**{**usual, **changes})


def test_another_number_of_threads_of_one_processor_is_refused() -> None:
    assert differences(on_threads(2), on_threads(2)).refusals == ()
    found = differences(on_threads(2), on_threads(1))
    assert found.refusals == ("the thread counts differ: 2 and 1 (OMP_NUM_THREADS sets the number)",)
    assert found.cautions == ()


def test_an_unrecorded_number_of_threads_is_a_warning() -> None:
    assert differences(on_threads(None), on_threads(None)).cautions == ()
    found = differences(on_threads(None), on_threads(2))
    assert found.refusals == ()
    assert found.cautions == ("the thread counts differ: unknown and 2",)


def test_processors_of_two_kinds_may_compute_on_all_of_their_threads() -> None:
    found = differences(on_threads(2), on_threads(8, device_name="Intel Xeon"))
    assert found.refusals == ()
    assert found.cautions == (
        "the devices differ: AMD EPYC and Intel Xeon",
        "the thread counts differ: 2 and 8",
    )


def test_warnings_about_a_run_folder_are_passed_on() -> None:
    found = differences(RUN, another(warnings=("trials.jsonl: the last line is torn",)))
    assert found.cautions == ("other: trials.jsonl: the last line is torn",)


# --- rules ---


def test_a_missing_rule_is_named_along_with_the_available_ones() -> None:
    assert missing_rule(RUN, another(), "dawnbench") is None
    other = another(trials=(trial(seconds={"airbench": 3.0, "strict": 4.0}),))
    assert missing_rule(RUN, other, "dawnbench") == (
        "other does not report the rule dawnbench; it has airbench, strict"
    )


def test_a_run_without_a_trial_reports_no_rule() -> None:
    found = missing_rule(RUN, series([], name="empty"), "dawnbench")
    assert found == "empty does not report the rule dawnbench; it has no rules, since it has no trials"
