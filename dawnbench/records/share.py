"""Parses percentages and fractions."""

from __future__ import annotations

import math

from dawnbench.errors import DawnbenchError


def parse_share(value: str | float, before: str = "") -> float:
    """Return 0.02 for "2%", "0.02" and 0.02: a fraction from 0 to 1. `before` begins the error message.

    Raises:
        DawnbenchError: it is something else.
    """
    text = str(value).strip()
    try:
        share = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        share = math.nan
    if not 0 <= share <= 1:
        raise DawnbenchError(
            f"{before}{text!r} is not a share from 0 to 100 %; write two percent as 2% or 0.02"
        )
    return share
