"""The callback for progress reports of slow sources."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[str, int, int], None]
"""Called with the task ("decoding flowers"), the number of steps done, and the total."""


def silent(task: str, done: int, total: int) -> None:
    """Report nothing."""
