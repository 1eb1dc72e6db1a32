"""The lines of a measurement as the package's own statistics take them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from benchmarks.peers.lines import TrialLine
from dawnbench.records.schema import DataRecord
from dawnbench.records.trial_set import TrialFigures, TrialSet
from dawnbench.version import __version__

RULE = "strict"
TARGET = 0.94
"""Of the claim; all peers are built for it."""


def series(side: str, lines: Sequence[TrialLine], facts: dict[str, Any]) -> TrialSet:
    """Return one side's trials as a series that is timed by `strict` alone."""
    device = str(facts["gpu"])
    return TrialSet(
        name=side,
        created="",
        dawnbench_version=__version__,
        recipe_name=side,
        recipe={},
        recipe_digest="",
        target=TARGET,
        device=device,
        device_name=device,
        precision="",
        data=DataRecord(str(facts["data"]), str(facts["fingerprint"]), 0, 0, (0, 0, 0), 0),
        environment={},
        trials=tuple(_figures(line) for line in lines if line.side == side),
    )


def _figures(line: TrialLine) -> TrialFigures:
    measured = line.measured
    seconds = {RULE: measured.strict_seconds}
    return TrialFigures(
        trial=line.trial,
        seed=measured.seed,
        status="diverged" if measured.strict_seconds is None else "finished",
        target=TARGET,
        seconds=seconds,
        spent_seconds=seconds,
        epochs_to_target=None,
        accuracy=measured.accuracy if measured.strict_seconds is not None else None,
        energy_joules=None,
        energy_to_target_joules=None,
    )
