"""A run's identity, from a run folder, a baseline or a listing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dawnbench.records.identity import RunIdentity, recipe_labels
from dawnbench.records.listed import read_listed
from dawnbench.records.reader import read_run
from dawnbench.records.trial_set import trial_set_of
from tests.records.examples import RUN
from tests.records.folders import make_run

QUICK = RunIdentity("f" * 64, 0.94, "a" * 64, "NVIDIA H200", "bf16", "quickstart", (), "cifar10", "cuda")


def test_a_listing_and_a_full_read_agree(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "run", recipe={**RUN.recipe, "changed": ["precision=fp32", "epochs=2"]})
    identity = read_listed(folder).identity
    assert identity.recipe == "davidnet precision=fp32 epochs=2"
    other = trial_set_of(read_run(folder)).identity
    assert (other, other.recipe) == (identity, identity.recipe)


@pytest.mark.parametrize(
    ("environment", "threads"),
    [
        ({"cpu": {"threads": 2}}, 2),
        ({"cpu": {"threads": None}}, None),
        ({"cpu": {"threads": "many"}}, None),
        ({"cpu": {"model": "older"}}, None),
        ({}, None),
    ],
)
def test_the_number_of_threads_is_part_of_it(
    environment: dict[str, Any], threads: int | None, tmp_path: Path
) -> None:
    folder = make_run(tmp_path / "run", environment=environment)
    identity = read_listed(folder).identity
    assert identity.threads == threads
    assert trial_set_of(read_run(folder)).identity == read_run(folder).record.identity == identity


def test_one_and_two_threads_are_told_apart_in_words() -> None:
    one, two, older = (replace(QUICK, device_name="AMD EPYC", threads=count) for count in (1, 2, None))
    assert len({one, two, older}) == 3
    assert older == replace(older, device="cpu")
    assert [each.machine for each in (one, two, older)] == [
        "AMD EPYC, 1 thread",
        "AMD EPYC, 2 threads",
        "AMD EPYC",
    ]
    assert replace(two, device="cpu").where == "AMD EPYC (cpu, bf16, 2 threads)"
    assert QUICK.where == "NVIDIA H200 (cuda, bf16)"


def test_settings_distinguish_runs_and_names_do_not() -> None:
    assert replace(QUICK, recipe_name="mine", data="/data/cifar10.npz", device="cuda:1") == QUICK
    for change in ({"fingerprint": "0"}, {"target": 0.9}, {"recipe_digest": "b"}, {"precision": "fp32"}):
        assert replace(QUICK, **change) != QUICK


def test_changes_shown_elsewhere_are_left_out_and_many_are_counted() -> None:
    changed = ("target=0.5", "dataset.name=digits", *(f"a{i}=1" for i in range(6)))
    assert replace(QUICK, changed=changed).recipe == "quickstart a0=1 a1=1 a2=1 a3=1 +2 more"


def test_a_digest_is_shown_only_if_two_recipes_look_alike() -> None:
    fp32 = replace(QUICK, recipe_digest="b" * 64, changed=("precision=fp32",))
    older = replace(QUICK, recipe_digest="c" * 64)
    elsewhere = replace(QUICK, device_name="NVIDIA H100")
    assert list(recipe_labels([QUICK, fp32, elsewhere]).values()) == [
        "quickstart",
        "quickstart precision=fp32",
        "quickstart",
    ]
    assert recipe_labels([QUICK, older])[older] == "quickstart cccccccc"


def test_several_devices_are_another_machine() -> None:
    many = replace(QUICK, devices=16, nodes=2)
    assert many != QUICK
    assert many.machine == "16 x NVIDIA H200 on 2 nodes"
    assert many.where == "16 x NVIDIA H200 on 2 nodes (cuda, bf16)"
    assert len({QUICK.deciding, many.deciding, replace(many, nodes=1).deciding}) == 3
    assert replace(many, nodes=1).machine == "16 x NVIDIA H200"
