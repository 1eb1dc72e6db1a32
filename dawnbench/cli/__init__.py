"""The command line: parses, calls, prints."""

from dawnbench.cli.commands import main

__all__ = ["main"]
