from __future__ import annotations

import json
from typing import Annotated, Any

import pytest
from annotated_types import Len
from hypothesis import given
from pydantic import AllowInfNan, BaseModel, ConfigDict

from dawnbench.export.judgement_json import KIND, judgement_json
from dawnbench.stats.regression.judgement import Judgement, Metric, Outcome
from tests.export.judgements import JUDGEMENT, UNCOMPARABLE, judgements, strict_json

Number = Annotated[float, AllowInfNan(False)]


class GateSchema(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")

    metric: Metric
    outcome: Outcome
    sentence: str
    unit: str
    measured: Number | None
    interval: Annotated[list[Number], Len(2, 2)] | None
    reference: Number | None
    change: Number | None
    p_value: Number | None


class Schema(BaseModel):
    """What the docstring promises, nothing more and nothing less."""

    model_config = ConfigDict(strict=True, extra="forbid")

    kind: str
    outcome: Outcome
    run: str
    baseline: str
    recipe_name: str
    device_name: str
    rule: str
    gates: list[GateSchema]
    notes: list[str]


def document(judgement: Judgement) -> dict[str, Any]:
    read = strict_json(judgement_json(judgement))
    assert isinstance(read, dict)
    return read


@given(judgements())
def test_any_judgement_gives_the_keys_that_are_promised(judgement: Judgement) -> None:
    read = Schema.model_validate(document(judgement))
    assert read.outcome == judgement.outcome
    assert [gate.metric for gate in read.gates] == [gate.metric for gate in judgement.gates]


def test_the_figures_and_sentences_are_all_there() -> None:
    read = document(JUDGEMENT)
    assert read["kind"] == KIND == "dawnbench judgement"
    assert read["outcome"] == "regression"
    assert read["run"] == "20260203T040506Z-davidnet-abc123"
    assert read["notes"] == ["the driver differs: 575 and 580"]
    assert read["gates"][0] == {
        "metric": "time",
        "outcome": "regression",
        "sentence": "2.65 s against 2.5 s, +6.0 %: more than the margin of 2 % (p = 0.001)",
        "unit": "s",
        "measured": 2.65,
        "interval": [2.625, 2.66],
        "reference": 2.5,
        "change": 0.06,
        "p_value": 0.001,
    }
    assert read["gates"][3]["measured"] is None


def test_where_nothing_could_be_compared_the_outcome_and_the_reason_stand() -> None:
    read = document(UNCOMPARABLE)
    assert read["outcome"] == "not comparable"
    assert read["gates"] == []
    assert read["notes"] == ["the data differs: cifar10 and cifar100"]


def test_the_schema_of_these_tests_refuses_what_is_not_promised() -> None:
    for wrong in ({"exit_code": 1}, {"outcome": "fine"}, {"gates": [{}]}):
        with pytest.raises(ValueError, match="validation error"):
            Schema.model_validate_json(json.dumps(document(JUDGEMENT) | wrong))
