from __future__ import annotations

import re
from dataclasses import replace
from typing import Annotated

import pytest
from annotated_types import MinLen
from hypothesis import given
from pydantic import AllowInfNan, BaseModel, ConfigDict, TypeAdapter

from dawnbench.export.github_action_benchmark import github_action_benchmark
from dawnbench.stats.regression.judgement import Judgement
from tests.export.judgements import ACCURACY, JUDGEMENT, TIME, UNCOMPARABLE, judgements, strict_json

PLUS_MINUS = re.compile(r"± (\d.*)")
"""How the action finds the number in a range; it must read as one."""


class Entry(BaseModel):
    """What the action's BenchmarkResult takes, without the coercions that would turn null into 0."""

    model_config = ConfigDict(strict=True, extra="forbid")

    name: Annotated[str, MinLen(1)]
    unit: Annotated[str, MinLen(1)]
    value: Annotated[float, AllowInfNan(False)]
    range: str = "± 0"
    extra: str = ""


ENTRIES = TypeAdapter(list[Entry])


def entries(judgement: Judgement) -> list[Entry]:
    return ENTRIES.validate_python(strict_json(github_action_benchmark(judgement)))


@given(judgements())
def test_any_judgement_is_an_array_of_entries_the_action_takes(judgement: Judgement) -> None:
    read = entries(judgement)
    assert len({entry.name for entry in read}) == len(read)
    for entry in read:
        found = PLUS_MINUS.fullmatch(entry.range)
        assert found
        assert float(found[1]) >= 0


def test_names_stay_the_same_from_run_to_run() -> None:
    later = replace(JUDGEMENT, run="later", baseline="other", notes=())
    names = [entry.name for entry in entries(later)]
    assert names == [entry.name for entry in entries(JUDGEMENT)]
    assert names == [
        "davidnet on NVIDIA H200, dawnbench rule: time",
        "davidnet on NVIDIA H200, dawnbench rule: epochs to target",
        "davidnet on NVIDIA H200, dawnbench rule: error rate (100 % - accuracy)",
    ]


def test_a_time_has_its_unit_its_range_and_the_verdict_in_the_tooltip() -> None:
    (time,) = entries(replace(JUDGEMENT, gates=(TIME,)))
    assert (time.unit, time.value, time.range) == ("s", 2.65, "± 0.025")
    assert time.extra == (
        "regression: 2.65 s against 2.5 s, +6.0 %: more than the margin of 2 % (p = 0.001)\n"
        "run 20260203T040506Z-davidnet-abc123 against before\n"
        "95 % interval of the mean time 2.625 to 2.66 s"
    )


def test_a_better_accuracy_is_a_smaller_value() -> None:
    (good,) = entries(replace(JUDGEMENT, gates=(ACCURACY,)))
    (better,) = entries(replace(JUDGEMENT, gates=(replace(ACCURACY, measured=95.0, interval=None),)))
    assert (good.value, good.unit, good.range) == (5.98, "%", "± 0.06")
    assert better.value == 5


def test_without_an_interval_no_range_is_given() -> None:
    text = github_action_benchmark(replace(JUDGEMENT, gates=(replace(TIME, interval=None),)))
    assert "range" not in strict_json(text)[0]


def test_without_any_figure_the_array_is_empty() -> None:
    assert strict_json(github_action_benchmark(UNCOMPARABLE)) == []


def test_the_schema_of_these_tests_refuses_what_the_action_would_read_as_zero() -> None:
    with pytest.raises(ValueError, match="validation error"):
        ENTRIES.validate_python([{"name": "a", "unit": "s", "value": None}])
