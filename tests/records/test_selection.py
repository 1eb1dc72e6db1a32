from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dawnbench.errors import DawnbenchError
from dawnbench.records.listed import Listed, read_listed
from dawnbench.records.selection import select
from tests.records.folders import make_run


@pytest.fixture
def run(tmp_path: Path) -> Listed:
    return read_listed(
        make_run(
            tmp_path / "run",
            recipe_name="davidnet-10",
            device="cuda:1",
            device_name="NVIDIA H200",
            target=0.94,
        )
    )


@pytest.mark.parametrize(
    "recipe", [None, "davidnet-10", "DavidNet", "net", "david*", "*10", "davidnet-1?", ""]
)
def test_a_recipe_matches_by_part_of_its_name_or_a_pattern(run: Listed, recipe: str | None) -> None:
    assert select(recipe, None, None).takes(run)


@pytest.mark.parametrize("recipe", ["airbench", "davidnet-10x", "david?", "*david", "net*"])
def test_a_recipe_with_another_name_does_not_match(run: Listed, recipe: str) -> None:
    assert not select(recipe, None, None).takes(run)


@pytest.mark.parametrize(
    ("device", "takes"),
    [("h200", True), ("nvidia*", True), ("cuda", True), ("cuda:?", True), ("H100", False), ("cpu", False)],
)
def test_a_device_matches_by_its_name_or_what_was_asked_for(run: Listed, device: str, takes: bool) -> None:
    assert select(None, device, None).takes(run) == takes


@pytest.mark.parametrize(
    ("target", "takes"),
    [
        (0.94, True),
        ("0.94", True),
        ("94%", True),
        ("94 %", True),
        ("94.0%", True),
        (0.93, False),
        ("93.96%", False),
    ],
)
def test_a_target_is_an_accuracy_or_percent(run: Listed, target: str | float, takes: bool) -> None:
    assert select(None, None, target).takes(run) == takes


@given(hundredths=st.integers(0, 10_000))
def test_a_percentage_equals_its_fraction(hundredths: int) -> None:
    as_percent, as_fraction = (
        select(None, None, f"{hundredths / 100}%"),
        select(None, None, hundredths / 10_000),
    )
    assert as_percent.target == pytest.approx(as_fraction.target, abs=1e-12)


@pytest.mark.parametrize("target", ["94", 94, "high", "-1%", "101%", "nan", "", "%"])
def test_a_target_that_is_not_an_accuracy_is_an_error(target: str | float) -> None:
    with pytest.raises(DawnbenchError, match=r"the target .* is not a share from 0 to 100 %"):
        select(None, None, target)


def test_all_given_criteria_must_match(run: Listed) -> None:
    assert select("david", "h200", "94%").takes(run)
    assert not select("david", "h200", "93%").takes(run)
    assert not select("air", "h200", "94%").takes(run)
    assert not select("david", "cpu", "94%").takes(run)
