"""Parses percentages, fractions and accuracies."""

from __future__ import annotations

import math
from decimal import Decimal

from dawnbench.errors import DawnbenchError


def parse_share(value: str | float, before: str = "") -> float:
    """Return 0.02 for "2%", "0.02" and 0.02: a fraction from 0 to 1. `before` begins the error message.

    Raises:
        DawnbenchError: it is something else.
    """
    text = str(value).strip()
    share = _number(text)
    if not 0 <= share <= 1:
        raise DawnbenchError(
            f"{before}{text!r} is not a share from 0 to 100 %; write two percent as 2% or 0.02"
        )
    return share


def parse_accuracy(value: str | float, before: str = "") -> float:
    """Return 0.94 for "94%", "94 %", "0.94" and 0.94. `before` begins the error message.

    Raises:
        DawnbenchError: it is not between 0 and 1, both excluded.
    """
    text = str(value).strip()
    accuracy = _number(text)
    if not 0 < accuracy < 1:
        raise DawnbenchError(
            f"{before}{text!r} is not an accuracy between 0 and 100 %; write 94 percent as 94% or 0.94"
        )
    return accuracy


def _number(text: str) -> float:
    try:
        if text.endswith("%"):
            return float(Decimal(text.removesuffix("%").strip()) / 100)  # so that 94.1% is exactly 0.941
        return float(text)
    except (ArithmeticError, ValueError):
        return math.nan
