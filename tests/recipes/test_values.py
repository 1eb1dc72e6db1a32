from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dawnbench.errors import DawnbenchError
from dawnbench.recipes import (
    AugmentationPart,
    AveragePart,
    CropSpec,
    ExponentialAverageSpec,
    FlipSpec,
    LossPart,
    ModelPart,
    OptimizerPart,
    PenaltyPart,
    Recipe,
    SchedulePart,
    WeightsPart,
)
from dawnbench.recipes.constraints import PositiveInt, describe
from dawnbench.recipes.recipe import EvaluationSpec, Precision
from dawnbench.recipes.values import from_json, role_of, value_from_json

AVERAGE, AUGMENTATIONS = AveragePart | None, tuple[AugmentationPart, ...]


@pytest.mark.parametrize(
    ("hint", "value", "expected"),
    [
        (int, 3, 3),
        (float, 3, 3.0),
        (float, 0.5, 0.5),
        (float | None, None, None),
        (tuple[int, ...], [1, 2], (1, 2)),
        (tuple[float, ...] | None, [0.5], (0.5,)),
        (Precision, "bf16", "bf16"),
        (EvaluationSpec, {"flip": True}, EvaluationSpec(flip=True)),
        (AVERAGE, None, None),
        (AVERAGE, {"kind": "exponential", "every": 2}, ExponentialAverageSpec(every=2)),
        (AUGMENTATIONS, [], ()),
        (AUGMENTATIONS, [{"kind": "flip"}, {"kind": "crop", "padding": 4}], (FlipSpec(), CropSpec(4))),
    ],
)
def test_a_value_of_the_right_type_comes_through(hint: Any, value: Any, expected: Any) -> None:
    result = value_from_json(hint, value, "here")
    assert result == expected
    assert type(result) is type(expected)


@pytest.mark.parametrize(
    ("hint", "value"),
    [
        (int, 1.5),
        (int, True),
        (int, "1"),
        (int, None),
        (float, "1"),
        (float, True),
        (bool, 1),
        (bool, "true"),
        (str, 1),
        (tuple[int, ...], 1),
        (tuple[int, ...], [1, "2"]),
        (tuple[int, int], [1]),
        (Precision, "fp8"),
        (float | None, []),
    ],
)
def test_what_only_resembles_a_value_is_refused_in_words(hint: Any, value: Any) -> None:
    with pytest.raises(DawnbenchError) as refusal:
        value_from_json(hint, value, "here")
    expected = f"here={json.dumps(value)} has the wrong type: it must be {describe(hint)}"
    assert str(refusal.value) == expected


@pytest.mark.parametrize(
    ("hint", "value", "sentence"),
    [
        (AVERAGE, {}, "here={} is not a part that fits here; write .* one of exponential, lookahead$"),
        (
            AVERAGE,
            {"kind": "crop", "padding": 4},
            "is not a part that fits here; .* one of exponential, lookahead$",
        ),
        (AVERAGE, {"kind": None}, "is not a part that fits here"),
        (AVERAGE, {"kind": ["exponential"]}, "is not a part that fits here"),
        (AVERAGE, 3, "here=3 is not a part that fits here"),
        (ModelPart, None, "here=null is not a part that fits here; .* one of davidnet, .*conv_stack"),
        (AUGMENTATIONS, None, "here=null must be a list of parts"),
        (AUGMENTATIONS, {"kind": "flip"}, "must be a list of parts"),
        (
            AUGMENTATIONS,
            [{"kind": "flip"}, {"kind": "exponential"}],
            r"here\[1\]=.* crop, flip, .*cutout$",
        ),
        (AUGMENTATIONS, [{"kind": "crop"}], r"here\[0\] is missing a field: .*padding"),
        (AUGMENTATIONS, [{"kind": "flip", "size": 1}], r"here\[0\]\.size is not a field of FlipSpec"),
        (EvaluationSpec, [], r"here must be an object with fields, not \[\]"),
        # Only a part has a kind.
        (EvaluationSpec, {"kind": "flip"}, r"here\.kind is not a field of EvaluationSpec"),
    ],
)
def test_what_is_no_part_for_a_place_is_refused_with_those_that_are(
    hint: Any, value: Any, sentence: str
) -> None:
    with pytest.raises(DawnbenchError, match=sentence):
        value_from_json(hint, value, "here")


def test_the_roles_of_a_recipes_fields() -> None:
    roles = {name: role_of(hint) for name, hint in get_type_hints(Recipe).items()}
    assert {name: role for name, role in roles.items() if role} == {
        "model": ModelPart,
        "optimizer": OptimizerPart,
        "schedule": SchedulePart,
        "augmentation": AugmentationPart,
        "average": AveragePart,
        "loss": LossPart,
        "penalty": PenaltyPart,
        "weights": WeightsPart,
    }


def test_a_user_s_dataclass_within_a_dataclass_is_built() -> None:
    assert from_json(_Outer, {"inner": {"sizes": [1, 2]}, "name": None}, "") == _Outer(_Inner((1, 2)), None)
    with pytest.raises(DawnbenchError, match=r"^inner\.sizes="):
        from_json(_Outer, {"inner": {"sizes": 3}, "name": None}, "")


@dataclass(frozen=True)
class _Inner:
    sizes: tuple[int, ...]


@dataclass(frozen=True)
class _Outer:
    inner: _Inner
    name: str | None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["kind", "name", "every"]), inner),
    max_leaves=5,
)
HINTS = st.sampled_from([int, float, str, bool, Precision, AVERAGE, AUGMENTATIONS, EvaluationSpec, Recipe])


@given(HINTS, JSON)
def test_any_json_is_taken_or_refused_by_a_sentence(hint: Any, value: Any) -> None:
    with suppress(DawnbenchError):
        value_from_json(hint, value, "here")


@pytest.mark.parametrize("number", [float("nan"), float("inf"), 10**400])
def test_a_number_that_no_float_holds_is_refused(number: float) -> None:
    with pytest.raises(DawnbenchError, match=r"here.* must be (finite|no larger)"):
        value_from_json(tuple[float, ...], [0, number], "here")


@pytest.mark.parametrize(
    ("hint", "value", "sentence"),
    [
        (PositiveInt, 0, "here=0 must be at least 1"),
        (tuple[PositiveInt, ...], [1, 0], r"here=\[1, 0\] must each be at least 1"),
        (AVERAGE, {"kind": "exponential", "every": 0}, r"here\.every=0 must be at least 1"),
    ],
)
def test_a_number_out_of_bounds_is_refused_where_it_stands(hint: Any, value: Any, sentence: str) -> None:
    with pytest.raises(DawnbenchError, match=f"^{sentence}$"):
        value_from_json(hint, value, "here")
