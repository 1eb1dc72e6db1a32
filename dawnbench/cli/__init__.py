"""The command line: parses, calls, prints."""

# Importing the verbs hangs them on the command.
from dawnbench.cli import commands, export, profile, report, scale, site, verdicts
from dawnbench.cli.group import main

__all__ = ["commands", "export", "main", "profile", "report", "scale", "site", "verdicts"]
