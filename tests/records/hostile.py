"""Run folders in which every text that a stranger may choose is hostile, and what no output may contain."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from types import NoneType
from typing import Any, Literal, get_args, get_origin, get_type_hints

from dawnbench.records.reader import read_run
from dawnbench.records.schema import EpochRecord, PairingRecord, RunRecord, Side, StoppingRecord, TrialRecord
from tests.records.full_runs import full_run

ATTACK = "<img src=x onerror=alert(1)>"
HOSTILE = (
    f"=1\n\n# PWN\n| a | b |\n- c {ATTACK}\x1b[31m\x07\x00\u202e\u2066\u200f\ud800 \udcff![x](y) `z` $q$ [/r]"
)
FOLDER = f"=1\n# PWN {ATTACK}\x1b[2J\x07\u202e\u2066\udcff|`$[".replace("/", "")
"""A valid folder name: no slash, no NUL, no lone surrogate except one that stands for a byte."""
STEERING = "\x00\x07\x1b\u200e\u200f\u202a\u202e\u2066\u2069\ud800\udcff"
"""Some of what no document may contain unescaped."""


def hostile_run(folder: Path, side: Side, **changes: Any) -> Path:
    """Write a run folder with hostile text in every field and key that accepts it."""
    full_run(folder, trials=2, epochs=3, hertz=5.0, **changes)
    run = read_run(folder)
    recipe = {
        **run.record.recipe,
        "changed": ["precision=fp32"],
        "summary": "s",
        "dataset": {"name": "d"},
        "write_up": {"target": "t", "analysis": "a"},
        "tags": ["x"],
    }
    environment = {
        "packages": {"torch": "t"},
        "git": {"commit": "c", "dirty": True},
        "cpu": {"model": "m"},
        "gpu": {"name": "g", "driver": "d"},
        "os": "o",
    }
    pairing = PairingRecord("c", side)
    stopping = StoppingRecord("verdict", "dawnbench", None, 0.01, 1, 2, None, (), "settled", "r")
    record = replace(
        run.record,
        recipe=recipe,
        environment=environment,
        pairing=pairing,
        notes=("n",),
        tags={"t": "v"},
        stopping=stopping,
    )
    failed = replace(
        run.trials[-1], trial=3, seed=2, status="failed", reason="r", warnings=("w",), epochs_to_target=None
    )
    trials = tuple(_with_energy_of_gpus(trial) for trial in (*run.trials, failed))
    (folder / "run.json").write_text(json.dumps(_spoiled(_content(record), RunRecord)))
    _write_lines(folder / "trials.jsonl", TrialRecord, trials)
    _write_lines(folder / "epochs.jsonl", EpochRecord, run.epochs)
    samples = [json.loads(line) for line in (folder / "telemetry.jsonl").read_text().splitlines()]
    for sample in samples:
        sample[HOSTILE] = 1.0
        sample["throttle"] = [HOSTILE]
    (folder / "telemetry.jsonl").write_text("".join(json.dumps(sample) + "\n" for sample in samples))
    return folder


def _with_energy_of_gpus(trial: TrialRecord) -> TrialRecord:
    assert trial.telemetry is not None
    return replace(trial, telemetry=replace(trial.telemetry, gpu_energy={"0": 9.0}))


def _write_lines(path: Path, kind: type, records: tuple[Any, ...]) -> None:
    path.write_text("".join(json.dumps(_spoiled(_content(one), kind)) + "\n" for one in records))


def _content(value: Any) -> Any:
    """Return a record as JSON types; unlike `asdict`, of any depth."""
    if is_dataclass(value):
        return {field.name: _content(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {key: _content(item) for key, item in value.items()}
    return [_content(item) for item in value] if isinstance(value, tuple | list) else value


def _spoiled(value: Any, kind: Any) -> Any:
    """Return a value of a record with every text hostile but those of a fixed set.

    Where there are several parts or entries with names, the healthy ones stay and a hostile one is added, so
    that what depends on the healthy ones is shown as well.
    """
    if get_origin(kind) is Literal:
        return value
    if (options := [one for one in get_args(kind) if one is not NoneType]) and NoneType in get_args(kind):
        return HOSTILE if value is None and options == [str] else _spoiled(value, options[0])
    if value is None:
        return None
    if is_dataclass(kind):
        hints = get_type_hints(kind)
        return {name: _spoiled(item, hints[name]) for name, item in value.items()}
    of = (*get_args(kind), Any)
    if isinstance(value, dict):
        inside = of[1] if len(of) > 2 else Any
        entries = value if is_dataclass(inside) else {k: _spoiled(v, inside) for k, v in value.items()}
        return {**entries, HOSTILE: _spoiled(next(iter(value.values()), None), inside)}
    if isinstance(value, list):
        added = [_spoiled(value[-1], of[0])] if value and is_dataclass(of[0]) else []
        return [*value, *added] if is_dataclass(of[0]) else [_spoiled(item, of[0]) for item in value]
    return HOSTILE if isinstance(value, str) else value
