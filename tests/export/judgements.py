"""Judgements as the exports meet them: one to read, and any that hypothesis can think of."""

from __future__ import annotations

import json
import math
from typing import Any, get_args

from hypothesis import strategies as st

from dawnbench.stats.regression.judgement import Gate, Judgement, Metric, Outcome

TIME = Gate(
    metric="time",
    outcome="regression",
    sentence="2.65 s against 2.5 s, +6.0 %: more than the margin of 2 % (p = 0.001)",
    unit="s",
    measured=2.65,
    interval=(2.625, 2.66),
    reference=2.5,
    change=0.06,
    p_value=0.001,
)
ACCURACY = Gate(
    metric="accuracy",
    outcome="holds",
    sentence="94.02 %, -0.03 points: no loss shown beyond 0.1 points (p = 0.7)",
    unit="%",
    measured=94.02,
    interval=(93.97, 94.08),
    reference=94.05,
    change=-0.03,
    p_value=0.7,
)
ENERGY = Gate("energy", "not comparable", "the run has no energy reading", "J", None, None, None, None, None)
EPOCHS = Gate("epochs", "too fast", "6 epochs, too few to be true", "epochs", 6.0, None, 9.5, -0.37, 1e-9)
JUDGEMENT = Judgement(
    run="20260203T040506Z-davidnet-abc123",
    baseline="before",
    recipe_name="davidnet",
    device_name="NVIDIA H200",
    rule="dawnbench",
    gates=(TIME, EPOCHS, ACCURACY, ENERGY),
    notes=("the driver differs: 575 and 580",),
)
UNCOMPARABLE = Judgement(
    "run", "before", "davidnet", "NVIDIA H200", "dawnbench", (), ("the data differs: cifar10 and cifar100",)
)

UNITS: dict[Metric, str] = {"time": "s", "epochs": "epochs", "accuracy": "%", "energy": "J"}
# With what file names may hold: control characters, and half surrogate pairs where they are not UTF-8.
texts = st.text(st.characters(exclude_categories=()), max_size=30) | st.sampled_from(
    (
        "davidnet",
        "a]]>b",
        "# head",
        "a|b",
        "<b>",
        "\x00\x1b[1m",
        "\ud800",
        "\uffff",
        "two\nlines",
        "1. x",
        " ",
    )
)
_numbers = st.floats(0, 1e12) | st.sampled_from((math.inf, math.nan, 0.0))
figures = st.none() | _numbers


@st.composite
def gates(draw: st.DrawFn, metric: Metric) -> Gate:
    measured = draw(st.none() | st.floats(0, 100)) if metric == "accuracy" else draw(figures)
    return Gate(
        metric=metric,
        outcome=draw(st.sampled_from(get_args(Outcome))),
        sentence=draw(texts),
        unit=UNITS[metric],
        measured=measured,
        interval=draw(st.none() | st.tuples(_numbers, _numbers)),
        reference=draw(figures),
        change=draw(st.none() | st.floats()),
        p_value=draw(st.none() | st.floats(0, 1)),
    )


@st.composite
def judgements(draw: st.DrawFn) -> Judgement:
    metrics = draw(st.lists(st.sampled_from(get_args(Metric)), unique=True))
    run, baseline, recipe, device, rule = (draw(texts) for _ in range(5))
    judged = tuple(draw(gates(metric)) for metric in metrics)
    return Judgement(run, baseline, recipe, device, rule, judged, tuple(draw(st.lists(texts, max_size=3))))


def strict_json(text: str) -> Any:
    """Return what a strict parser makes of a document: UTF-8, no NaN, no infinity, each key once."""

    def no_constant(name: str) -> None:
        raise AssertionError(f"{name} is not JSON")

    def object_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        assert len(dict(pairs)) == len(pairs)
        return dict(pairs)

    assert text.endswith("\n")
    return json.loads(text.encode("utf-8"), parse_constant=no_constant, object_pairs_hook=object_once)
