"""A regression test's outcome for a terminal."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from dawnbench.safe_text import plain
from dawnbench.stats.regression.judgement import Judgement

STYLES = {"holds": "green", "regression": "bold red", "too fast": "bold red"}


def judgement_report(judgement: Judgement) -> RenderableType:
    """Return one line per gate and the notes, without the closing line."""
    subject = f"{judgement.run} against {judgement.baseline}, timed by the {judgement.rule} rule"
    gates = Table.grid(padding=(0, 2, 0, 0))
    for gate in judgement.gates:
        head = Text(f"{gate.metric} {gate.outcome}", style=STYLES.get(gate.outcome, "yellow"))
        gates.add_row(head, Text(plain(gate.sentence)))
    told = 0 if judgement.gates else 1  # the closing line gives the first as the reason
    notes = (Text(plain(f"! {note}"), style="yellow") for note in judgement.notes[told:])
    return Group(Text(plain(subject)), *[gates] * bool(judgement.gates), *notes)
