"""What a run shows while it goes on: in a terminal, in a pipe, to a program."""

from dawnbench.report.display.json_lines import JsonLinesDisplay
from dawnbench.report.display.plain import PlainDisplay
from dawnbench.report.display.summary import summary_table
from dawnbench.report.display.terminal import TerminalDisplay

__all__ = ["JsonLinesDisplay", "PlainDisplay", "TerminalDisplay", "summary_table"]
