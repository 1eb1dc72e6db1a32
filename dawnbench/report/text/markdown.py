"""Markdown tables and texts that hold whatever a run contains."""

from __future__ import annotations

import re
from collections.abc import Sequence

from dawnbench.safe_text import plain_lines


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table without a final newline: the first column aligned left, the others right."""
    widths = [max(3, *map(len, column)) for column in zip(header, *rows, strict=True)]
    aligned = [f"%-{widths[0]}s", *(f"%{width}s" for width in widths[1:])]
    template = f"| {' | '.join(aligned)} |"
    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    return "\n".join([template % tuple(row) for row in (header, rule, *rows)])


def fenced(text: str, language: str) -> str:
    """Return the text as a code block that nothing in it can end."""
    shown = plain_lines(text)
    longest = max((len(ticks) for ticks in re.findall("`+", shown)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{shown}\n{fence}"
