"""Run folders written quickly, without waiting for the disk to confirm every line."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from dawnbench.records.bounds import finite
from dawnbench.records.schema import EpochRecord, TrialRecord
from tests.records.examples import RUN, TRIAL, epoch


def make_run(
    folder: Path,
    trials: Sequence[TrialRecord] = (TRIAL,),
    epochs: Sequence[EpochRecord] = (epoch(),),
    /,
    **changes: Any,
) -> Path:
    """Write a run folder; `changes` apply to its run.json."""
    folder.mkdir(parents=True)
    record = replace(RUN, **{"status": "finished", "trials": len(trials), **changes})
    (folder / "run.json").write_text(json.dumps(finite(asdict(record)), indent=2) + "\n")
    (folder / "trials.jsonl").write_text("".join(line(trial) for trial in trials))
    (folder / "epochs.jsonl").write_text("".join(line(one) for one in epochs))
    (folder / "telemetry.jsonl").touch()
    return folder


def line(record: TrialRecord | EpochRecord) -> str:
    return json.dumps(finite(asdict(record))) + "\n"
