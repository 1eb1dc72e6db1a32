"""Displays of a run in progress and of its end: in a terminal, in a pipe, for a program."""

from dawnbench.report.display.ending import summary_table
from dawnbench.report.display.json_lines import JsonLinesDisplay
from dawnbench.report.display.plain import PlainDisplay
from dawnbench.report.display.terminal import TerminalDisplay

__all__ = ["JsonLinesDisplay", "PlainDisplay", "TerminalDisplay", "summary_table"]
