"""A judgement as Markdown for the summary page of a GitHub workflow."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from dawnbench.errors import DawnbenchError
from dawnbench.report.text.markdown import table
from dawnbench.report.units import joules, percent, seconds, significant
from dawnbench.safe_text import markdown
from dawnbench.stats.regression.judgement import Gate, Judgement, Metric

ENVIRONMENT = "GITHUB_STEP_SUMMARY"
HEADER = ("Metric", "Verdict", "This run", "Baseline", "Change", "p")
FIGURES: dict[Metric, Callable[[float], str]] = {
    "time": seconds,
    "epochs": lambda epochs: f"{epochs:.2f}",
    "accuracy": lambda accuracy: percent(accuracy / 100),
    "energy": joules,
}
OF_ONE_IMAGE = ("ms", "mJ")
"""The units of inference runs."""
CHANGES: dict[Metric, Callable[[float], str]] = {
    metric: lambda change: _percent(change) for metric in FIGURES
} | {"accuracy": lambda points: f"{points:+.2f} points"}


def github_summary(judgement: Judgement) -> str:
    """Return a heading with the verdict, a table with one row per gate, and all sentences below it."""
    subject = f"{judgement.recipe_name} on {judgement.device_name}, timed by the {judgement.rule} rule"
    parts = [
        f"## dawnbench regress: {judgement.outcome}",
        markdown(f"Result for {subject}: {judgement.run} against {judgement.baseline}."),
    ]
    if judgement.gates:
        parts.append(table(HEADER, [_row(gate) for gate in judgement.gates]))
    # The word before each keeps a sentence that looks like a heading or a list from becoming one.
    said = [f"- {gate.metric}: {markdown(gate.sentence)}" for gate in judgement.gates]
    noted = [f"- note: {markdown(note)}" for note in judgement.notes]
    if said or noted:
        parts.append("\n".join([*said, *noted]))
    return "\n\n".join(parts) + "\n"


def add_to_step_summary(text: str, environment: Mapping[str, str]) -> bool:
    """Append a text to the file that GITHUB_STEP_SUMMARY names; return whether there is such a file.

    If there is none, this is not a GitHub workflow, and the caller prints the text.

    Raises:
        DawnbenchError: the file cannot be written.
    """
    named = environment.get(ENVIRONMENT)
    if not named:
        return False
    path = Path(named)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8", newline="\n") as file:
            file.write(f"\n{text}")  # an empty line ends whatever paragraph stood there
    except OSError as error:
        raise DawnbenchError(
            f"cannot add to {path}, which {ENVIRONMENT} names: {error.strerror or error}"
        ) from error
    return True


def _row(gate: Gate) -> list[str]:
    figure = partial(_with_unit, unit=gate.unit) if gate.unit in OF_ONE_IMAGE else FIGURES[gate.metric]
    measured = _shown(gate.measured, figure)
    if gate.interval is not None and gate.interval[0] != gate.interval[1]:
        low, high = (_shown(end, figure) for end in gate.interval)
        measured += f" ({low} to {high})"
    cells = [
        gate.metric,
        gate.outcome,
        measured,
        _shown(gate.reference, figure),
        _shown(gate.change, CHANGES[gate.metric]),
        _shown(gate.p_value, lambda p: f"{p:.2g}"),
    ]
    return [markdown(cell) for cell in cells]


def _with_unit(value: float, unit: str) -> str:
    return f"{significant(value)} {unit}"


def _percent(change: float) -> str:
    percent = 100 * change
    return f"{percent:+.1f} %" if math.isfinite(percent) else "-"


def _shown(value: float | None, figure: Callable[[float], str]) -> str:
    return figure(value) if value is not None and math.isfinite(value) else "-"
