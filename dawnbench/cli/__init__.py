"""The command line: parses, calls, prints."""

# Importing the verbs hangs them on the command.
from dawnbench.cli import commands, profile, scale, verdicts
from dawnbench.cli.group import main

__all__ = ["commands", "main", "profile", "scale", "verdicts"]
