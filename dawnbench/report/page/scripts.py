"""Charts as JSON for the page's scripts."""

from __future__ import annotations

import json
from dataclasses import fields
from typing import Any

from markupsafe import Markup

_NOT_SENT = {"note", "subject", "key"}
"""Fields that stand in the page's own markup, or are for printed charts alone."""


def script_json(data: Any) -> Markup:
    """Return JSON in which nothing ends a script element or begins another; non-ASCII is escaped as well.

    Raises:
        ValueError: a number is not finite.
    """
    text = json.dumps(data, separators=(",", ":"), allow_nan=False, default=_shallow)
    for special in "<>&":
        text = text.replace(special, f"\\u{ord(special):04x}")
    return Markup(text)


def _shallow(data: Any) -> dict[str, Any]:
    """Return a dataclass's fields as they are; `asdict` would copy every point of every line."""
    names = (field.name for field in fields(data))
    return {name: getattr(data, name) for name in names if name not in _NOT_SENT}
