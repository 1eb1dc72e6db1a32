from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal

import pytest
from pydantic import Field

from dawnbench.errors import DawnbenchError
from dawnbench.recipes.constraints import (
    Finite,
    Fraction,
    FractionAboveZero,
    FractionBelowOne,
    NonNegative,
    NonNegativeInt,
    OpenFraction,
    Positive,
    PositiveInt,
    check,
    check_fields,
    describe,
    require,
)
from dawnbench.recipes.recipe import EvaluationSpec, Precision, Target

NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize(
    ("hint", "words"),
    [
        (int, "a whole number"),
        (float, "a number"),
        (bool, "true or false"),
        (str, "text"),
        (float | None, "a number or null"),
        (PositiveInt | None, "a whole number or null"),
        (tuple[int, int, int, int], "a list of 4 entries, each a whole number"),
        (tuple[float, ...], "a list, each a number"),
        (tuple[Finite, ...] | None, "a list, each a number or null"),
        (Precision, "one of auto, fp32, bf16, fp16"),
        (Literal[1, 2], "one of 1, 2"),
        (EvaluationSpec, "an EvaluationSpec"),
    ],
)
def test_a_type_reads_as_words(hint: Any, words: str) -> None:
    assert describe(hint) == words


@pytest.mark.parametrize(
    ("hint", "value", "sentence"),
    [
        (PositiveInt, 0, "x=0 must be at least 1"),
        (NonNegativeInt, -1, "x=-1 must not be negative"),
        (NonNegative, NAN, "x=nan must not be negative"),
        (Positive, 0, "x=0 must be above 0"),
        (Fraction, 1.5, "x=1.5 must lie between 0 and 1"),
        (Fraction, NAN, "x=nan must lie between 0 and 1"),
        (FractionBelowOne, 1.0, "x=1.0 must be at least 0 and below 1"),
        (FractionBelowOne, NAN, "x=nan must be at least 0 and below 1"),
        (FractionAboveZero, 0.0, "x=0.0 must be above 0 and at most 1"),
        (OpenFraction, 1, "x=1 must be above 0 and below 1"),
        (Finite, INF, "x=inf must be a finite number"),
        (Target, 94, "x=94 must be a fraction between 0 and 1, such as 0.94"),
        (PositiveInt | None, 0, "x=0 must be at least 1, or null"),
        (tuple[PositiveInt, ...], (3, 0), "x=[3, 0] must each be at least 1"),
        (tuple[NonNegative, NonNegative], (3.0, -1), "x=[3.0, -1] must each be at least 0"),
        (tuple[Finite, ...], (0, NAN), "x=[0, nan] must each be a finite number"),
        (tuple[Fraction, ...] | None, (2,), "x=[2] must each lie between 0 and 1, or null"),
    ],
)
def test_a_value_out_of_bounds_is_refused_with_them(hint: Any, value: Any, sentence: str) -> None:
    with pytest.raises(DawnbenchError) as refusal:
        check(hint, value, "x")
    assert str(refusal.value) == sentence


@pytest.mark.parametrize(
    ("hint", "value", "expected"),
    [
        (PositiveInt, 2.0, "x=2.0 has the wrong type: it must be a whole number"),
        (PositiveInt, True, "x=true has the wrong type: it must be a whole number"),
        (Positive, "1", 'x="1" has the wrong type: it must be a number'),
        (str, 5, "x=5 has the wrong type: it must be text"),
        (Precision, "fp8", 'x="fp8" has the wrong type: it must be one of auto, fp32, bf16, fp16'),
        (tuple[int, ...], [1, 2], "x=[1, 2] has the wrong type: it must be a tuple, each a whole number"),
        (int, object, "x=<class 'object'> has the wrong type: it must be a whole number"),
    ],
)
def test_a_value_of_another_type_is_refused_with_the_right_one(hint: Any, value: Any, expected: str) -> None:
    with pytest.raises(DawnbenchError) as refusal:
        check(hint, value, "x")
    assert str(refusal.value) == expected


@dataclass(frozen=True)
class _Settings:
    rate: Annotated[float, Field(gt=0)]
    sizes: tuple[PositiveInt, ...] = ()


def test_fields_are_checked_where_they_stand_and_stay_as_they_are() -> None:
    settings = _Settings(1, (2, 3))
    check_fields(settings, "here")
    assert type(settings.rate) is int
    with pytest.raises(DawnbenchError, match=r"^here\.sizes=\[0\] must each be at least 1$"):
        check_fields(_Settings(1, (0,)), "here")
    with pytest.raises(DawnbenchError, match=r"^rate=0 must be above 0$"):
        check_fields(_Settings(0))


def test_require_raises_its_sentence_only_where_it_does_not_hold() -> None:
    require(True, "unseen")
    with pytest.raises(DawnbenchError, match=r"^the sentence$"):
        require(False, "the sentence")
