"""Series of any figures, and what a terminal of some width makes of a report about them."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from hypothesis import strategies as st
from rich.console import Console, RenderableType

from dawnbench.records.reader import Run
from dawnbench.records.schema import RunRecord, TrialRecord
from dawnbench.records.trial_set import TrialSet, trial_set_of
from tests.cli.made_runs import HOSTILE, trial
from tests.records.examples import RUN

names = st.text(max_size=40) | st.sampled_from(
    ("davidnet", HOSTILE, "[/x]", "[bold]b", "x" * 200, "訓練" * 30)
)
magnitudes = st.floats(1e-6, 1e7)


def rendered(thing: RenderableType, width: int = 80) -> str:
    """Return what a terminal of that width shows, without its colours."""
    console = Console(file=io.StringIO(), width=width, color_system=None)
    console.print(thing, highlight=False)
    return console.file.getvalue()  # type: ignore[attr-defined,no-any-return]


def series(recorded: list[TrialRecord], name: str = "a", **changes: Any) -> TrialSet:
    fields = {field: getattr(RUN, field) for field in RUN.__slots__}
    usual = {"device_name": "NVIDIA H200", "device": "cuda", "precision": "bf16"}
    return trial_set_of(Run(Path(name), RunRecord(**{**fields, **usual, **changes}), tuple(recorded), (), ()))


@st.composite
def any_series(draw: st.DrawFn, pairing: Any = None) -> TrialSet:
    recorded = [
        trial(
            number,
            draw(magnitudes),
            epochs=draw(st.none() | st.integers(1, 10_000)),
            accuracy=draw(st.floats(0, 1)),
            joules=draw(st.none() | magnitudes),
            status=draw(st.sampled_from(("finished", "finished", "diverged", "interrupted", "failed"))),
        )
        for number in range(1, draw(st.integers(1, 7)))
    ]
    texts = {field: draw(names) for field in ("recipe_name", "device_name")}
    return series(recorded, pairing=pairing, **texts)
