"""One answer of the doctor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Level = Literal["ok", "warning", "problem", "unknown"]


@dataclass(frozen=True)
class Finding:
    """What one check found."""

    check: str
    level: Level
    """`problem` spoils a measurement, `warning` may; `unknown` could not be checked here."""
    message: str
    remedy: str | None = None
    """What to do about it; None when there is nothing to do."""
