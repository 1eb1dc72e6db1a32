"""The result of one check of the doctor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Level = Literal["ok", "warning", "problem", "unknown"]


@dataclass(frozen=True)
class Finding:
    """The result of one check."""

    check: str
    level: Level
    """`problem` distorts a measurement, `warning` may; `unknown` could not be checked here."""
    message: str
    remedy: str | None = None
    """What to do about it; None if there is nothing to do."""
