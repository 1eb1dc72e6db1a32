"""What every CI format needs from a judgement: finite figures, a stable name, portable JSON."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import Any

from dawnbench.safe_text import json_text
from dawnbench.stats.regression.judgement import Gate, Judgement


def finite_gates(judgement: Judgement) -> tuple[Gate, ...]:
    """Return the gates with None for each figure that is not finite, since no format here has an infinity.

    An interval with an infinite end is None.
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
    """Return the name of a run's figures for services that draw one line per name.

    It is one line of text that is the same from run to run: the recipe, the device and the timing rule only.
    """
    words = f"{judgement.recipe_name} on {judgement.device_name}, {judgement.rule} rule"
    return " ".join(words.split())


def as_json(content: Any) -> str:
    """Return a JSON document with a final newline.

    It is all ASCII, so that nothing in it can control a terminal. Half a surrogate pair, which the name of a
    folder may contain and strict parsers refuse, is escaped.
    """
    text = json_text(json.dumps(content, ensure_ascii=False, allow_nan=False))
    return json.dumps(json.loads(text), indent=2) + "\n"


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
