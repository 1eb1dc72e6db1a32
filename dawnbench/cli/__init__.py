"""The command line: parses, calls, prints."""

# Importing the verbs hangs them on the command.
from dawnbench.cli import commands, evaluate, export, profile, report, scale, site, verdicts
from dawnbench.cli.group import main

__all__ = ["commands", "evaluate", "export", "main", "profile", "report", "scale", "site", "verdicts"]
