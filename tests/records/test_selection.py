from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dawnbench.errors import DawnbenchError
from dawnbench.records.listed import Listed, read_listed
from dawnbench.records.selection import parse_since, select
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


@pytest.mark.parametrize(
    ("tags", "takes"),
    [
        ({}, True),
        ({"branch": "main"}, True),
        ({"branch": "m*"}, True),
        ({"branch": "*"}, True),
        ({"note": "a [b]"}, True),
        ({"branch": "main", "note": "a*"}, True),
        ({"branch": "Main"}, False),
        ({"branch": "ma"}, False),
        ({"host": "*"}, False),
        ({"branch": "main", "note": "b"}, False),
    ],
)
def test_a_tag_matches_by_its_value_or_a_pattern(tmp_path: Path, tags: dict[str, str], takes: bool) -> None:
    run = read_listed(make_run(tmp_path / "run", tags={"branch": "main", "note": "a [b]"}))
    assert select(None, None, None, tags).takes(run) == takes


NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("2026-11-01", datetime(2026, 11, 1, tzinfo=UTC)),
        ("2026-11-01T06:30", datetime(2026, 11, 1, 6, 30, tzinfo=UTC)),
        ("2026-11-01T06:30+02:00", datetime(2026, 11, 1, 4, 30, tzinfo=UTC)),
        ("7d", datetime(2026, 11, 21, 12, tzinfo=UTC)),
        ("12h", datetime(2026, 11, 28, 0, tzinfo=UTC)),
        (" 2 w ", datetime(2026, 11, 14, 12, tzinfo=UTC)),
    ],
)
def test_since_is_a_date_or_an_age(text: str, means: datetime) -> None:
    assert parse_since(text, NOW) == means


@pytest.mark.parametrize("text", ["", "yesterday", "7", "7m", "-7d", "2026-13-01", "999999w"])
def test_what_is_neither_a_date_nor_an_age_is_an_error(text: str) -> None:
    with pytest.raises(
        DawnbenchError, match="is neither a date nor an age; write 2026-11-01, or 12h, 7d or 2w"
    ):
        parse_since(text, NOW)


@pytest.mark.parametrize(
    ("created", "takes"),
    [
        ("2026-11-01T00:00:00+00:00", True),
        ("2026-10-31T23:59:59+00:00", False),
        ("2026-11-01T00:30:00+01:00", False),
        ("2026-11-01T00:00:00", True),
        ("yesterday", False),
    ],
)
def test_a_run_made_since_then_matches(tmp_path: Path, created: str, takes: bool) -> None:
    run = read_listed(make_run(tmp_path / "run", created=created))
    assert select(None, None, None, since="2026-11-01").takes(run) == takes
