"""Markdown tables and texts that hold whatever a run contains."""

from __future__ import annotations

import re
from collections.abc import Sequence

from dawnbench.safe_text import plain_lines


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return an aligned markdown table without a final newline; the first column left, the others right."""
    widths = [max(3, *(len(row[i]) for row in (header, *rows))) for i in range(len(header))]

    def line(cells: Sequence[str]) -> str:
        aligned = [
            cell.ljust(width) if i == 0 else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(cells, widths, strict=True))
        ]
        return "| " + " | ".join(aligned) + " |"

    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    return "\n".join([line(header), line(rule), *(line(row) for row in rows)])


def fenced(text: str, language: str) -> str:
    """Return the text as a code block that nothing in it can end."""
    shown = plain_lines(text)
    longest = max((len(ticks) for ticks in re.findall("`+", shown)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{shown}\n{fence}"
