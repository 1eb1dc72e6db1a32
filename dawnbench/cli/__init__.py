"""The command line: parses, calls, prints."""

from dawnbench.cli.group import main

__all__ = ["main"]
