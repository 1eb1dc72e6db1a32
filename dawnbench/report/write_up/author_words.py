"""An author's words, and figures in a sentence."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from dawnbench.records.reader import Run
from dawnbench.safe_text import markdown_block


def authors_words(run: Run, part: str) -> list[str]:
    """Return the paragraphs that a recipe has on its `target`, or as the `analysis` of earlier versions.

    Paragraphs are parted by empty lines; nothing in them is markup.
    """
    words: Any = run.record.recipe.get("write_up")
    text = words.get(part) if isinstance(words, Mapping) else None
    return paragraphs(text) if isinstance(text, str) else []


def paragraphs(text: str) -> list[str]:
    """Return the paragraphs of a text as markdown, each on one line."""
    return [markdown_block(part) for part in re.split(r"\n\s*\n", text) if part.strip()]


def points(fraction: float) -> str:
    """Return a difference of two fractions in percentage points, with its sign."""
    return f"{100 * fraction:+.2f}"


def goal(target: float) -> str:
    """Return a target (0 to 1) in percent as its author writes it."""
    return f"{100 * target:.6g} %"


def counted(number: int, what: str) -> str:
    """Return 1 epoch, 2 epochs."""
    return f"{number} {what}{'' if number == 1 else 's'}"


def listed(numbers: Sequence[int]) -> str:
    """Return trial 2, or trials 1, 2 and 4."""
    if len(numbers) == 1:
        return f"trial {numbers[0]}"
    return f"trials {', '.join(map(str, numbers[:-1]))} and {numbers[-1]}"
