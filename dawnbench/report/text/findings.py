"""The findings of `dawnbench doctor` as a table."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from rich.table import Table
from rich.text import Text

from dawnbench.safe_text import plain

STYLES = {"ok": "green", "warning": "yellow", "problem": "red", "unknown": "dim"}


class Finding(Protocol):
    """What one check found."""

    @property
    def check(self) -> str:
        """What was checked."""

    @property
    def level(self) -> str:
        """One of ok, warning, problem, unknown."""

    @property
    def message(self) -> str:
        """What was found."""

    @property
    def remedy(self) -> str | None:
        """What to do about it."""


def findings_table(findings: Iterable[Finding]) -> Table:
    """Return one row per finding, with what to do about it below."""
    table = Table(box=None, pad_edge=False, show_header=False)
    for _ in range(3):
        table.add_column()
    for finding in findings:
        words = Text(plain(finding.message))
        if finding.remedy:
            words.append(f"\n-> {plain(finding.remedy)}", style="bold")
        table.add_row(Text(finding.level, style=STYLES[finding.level]), Text(plain(finding.check)), words)
    return table
