"""What every CI format needs of a judgement: finite figures, a name that lasts, JSON that anyone reads."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import Any

from dawnbench.safe_text import json_text
from dawnbench.stats.regression.judgement import Gate, Judgement


def finite_gates(judgement: Judgement) -> tuple[Gate, ...]:
    """Return the gates with each figure that is not finite as None, since no format here has an infinity.

    An interval with such an end is None whole.
    """
    return tuple(
        replace(
            gate,
            measured=_finite(gate.measured),
            interval=gate.interval if gate.interval and all(map(math.isfinite, gate.interval)) else None,
            reference=_finite(gate.reference),
            change=_finite(gate.change),
            p_value=_finite(gate.p_value),
        )
        for gate in judgement.gates
    )


def series_name(judgement: Judgement) -> str:
    """Return what services that draw one line a name know a run's figures by.

    One line of text that is the same from run to run: the recipe, the device and the timing rule, nothing
    else.
    """
    words = f"{judgement.recipe_name} on {judgement.device_name}, {judgement.rule} rule"
    return " ".join(words.split())


def as_json(content: Any) -> str:
    """Return a JSON document with a final newline.

    All of it is ASCII, so that nothing in it can steer a terminal. Half a surrogate pair, which a folder's
    name may hold and strict parsers refuse, is escaped.
    """
    text = json_text(json.dumps(content, ensure_ascii=False, allow_nan=False))
    return json.dumps(json.loads(text), indent=2) + "\n"


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
