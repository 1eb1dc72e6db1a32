"""How a slow source says how far it is."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[str, int, int], None]
"""Called with what is being done ("decoding flowers"), how many steps are done, and of how many."""


def silent(task: str, done: int, total: int) -> None:
    """Say nothing."""
